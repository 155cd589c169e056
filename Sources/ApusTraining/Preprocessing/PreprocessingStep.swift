import ApusData
import ApusInterop
import Foundation

/// A step of the way from a picture to a model's input that has no randomness, as a checkpoint's metadata names it.
public enum PreprocessingStep: Sendable, Hashable {
    /// Height and width become these.
    case resize(height: Int, width: Int)
    /// The shorter side becomes this, the longer one in proportion.
    case resizeShorterSide(Int)
    /// The middle of the picture.
    case centerCrop(height: Int, width: Int)
    /// Grey of all channels, or three equal channels of grey.
    case grayscale(channels: Int)
    /// Pixels from 0 to 1.
    case toTensor
    /// (x − mean) / std of each channel.
    case normalize(mean: [Double], std: [Double])

    /// The transform that does it.
    public var transform: any Transform {
        switch self {
        case .resize(let height, let width): Resize([height, width])
        case .resizeShorterSide(let side): Resize(.shorterSide(side))
        case .centerCrop(let height, let width): CenterCrop(CropSize(height, width))
        case .grayscale(let channels): Grayscale(numOutputChannels: channels)
        case .toTensor: ToTensor()
        case .normalize(let mean, let std): Normalize(mean: mean, std: std)
        }
    }
}

/// The text is the call in torchvision, as `Resize((28, 28))`.
extension PreprocessingStep: CustomStringConvertible {
    public var description: String {
        switch self {
        case .resize(let height, let width): "Resize((\(height), \(width)))"
        case .resizeShorterSide(let side): "Resize(\(side))"
        case .centerCrop(let height, let width): "CenterCrop((\(height), \(width)))"
        case .grayscale(let channels): "Grayscale(\(channels))"
        case .toTensor: "ToTensor()"
        case .normalize(let mean, let std): "Normalize(\(Self.tuple(mean)), \(Self.tuple(std)))"
        }
    }

    /// Python's text of a tuple; one of a single number has a comma.
    private static func tuple(_ numbers: [Double]) -> String {
        "(" + numbers.map(\.description).joined(separator: ", ") + (numbers.count == 1 ? ",)" : ")")
    }

    /// The step of a text as ``description`` makes it; nil for any other.
    public init?(_ text: String) {
        guard let open = text.firstIndex(of: "("), text.last == ")" else { return nil }
        let name = text[..<open]
        // Tuples become lists of JSON.
        let list = text[open...].replacingOccurrences(of: ",)", with: ")").replacingOccurrences(of: "(", with: "[")
            .replacingOccurrences(of: ")", with: "]")
        guard let arguments = try? JSONDecoder().decode([Argument].self, from: Data(list.utf8)) else { return nil }
        switch (name, arguments.map(\.numbers)) {
        case ("Resize", let sizes) where sizes.count == 1:
            let sides = Self.sizes(sizes[0])
            switch sides.count {
            case 1: self = .resizeShorterSide(sides[0])
            case 2: self = .resize(height: sides[0], width: sides[1])
            default: return nil
            }
        case ("CenterCrop", let sizes) where sizes.count == 1:
            let sides = Self.sizes(sizes[0])
            guard sides.count == 2 else { return nil }
            self = .centerCrop(height: sides[0], width: sides[1])
        case ("Grayscale", [[1]]): self = .grayscale(channels: 1)
        case ("Grayscale", [[3]]): self = .grayscale(channels: 3)
        case ("ToTensor", []): self = .toTensor
        case ("Normalize", let lists) where lists.count == 2:
            guard !lists[0].isEmpty, lists[0].count == lists[1].count, lists[1].allSatisfy({ Float($0) != 0 }) else {
                return nil
            }
            self = .normalize(mean: lists[0], std: lists[1])
        default: return nil
        }
    }

    /// Whole numbers of pixels that an image may have; empty where one is not.
    private static func sizes(_ numbers: [Double]) -> [Int] {
        let sizes = numbers.compactMap { Int(exactly: $0) }
        let isUsable = sizes.count == numbers.count && sizes.allSatisfy(Preprocessing.possibleSides.contains)
        return isUsable ? sizes : []
    }

    /// A number or a tuple of numbers.
    private struct Argument: Decodable {
        let numbers: [Double]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                numbers = [number]
            } else {
                numbers = try container.decode([Double].self)
            }
        }
    }
}
