import ApusGraph

/// What images are at one point of their way through transforms.
public struct ImageFormat: Sendable, Hashable, CustomStringConvertible {
    /// The type of a sample.
    public enum Element: Sendable, Hashable {
        /// 0 (black) to 255 (white).
        case byte
        /// 0 (black) to 1 (white), or what `Normalize` made of it.
        case float

        /// The size of a sample in bytes.
        public var size: Int { self == .byte ? 1 : 4 }
    }

    /// The number of channels, at least 1.
    public var channels: Int
    /// The height in pixels; nil where it differs from image to image.
    public var height: Int?
    /// The width in pixels; nil where it differs from image to image.
    public var width: Int?
    /// The type of a sample.
    public var element: Element

    public init(channels: Int, height: Int?, width: Int?, element: Element = .byte) {
        (self.channels, self.height, self.width, self.element) = (channels, height, width, element)
    }

    /// The sizes [channels, height, width]; nil where they differ from image to image.
    public var shape: Shape? {
        guard let height, let width else { return nil }
        return Shape([channels, height, width])
    }

    public var description: String {
        let sizes = [height, width].map { $0.map(String.init) ?? "?" }
        return "[\(channels), \(sizes[0]), \(sizes[1])] of \(element == .byte ? "uint8" : "float32")"
    }
}

/// How samples between pixels are made (`torchvision.transforms.InterpolationMode`).
public enum ImageInterpolation: String, Sendable, CaseIterable {
    /// The pixel ⌊i · input / output⌋.
    case nearest
    /// The pixel ⌊(i + ½) · input / output⌋.
    case nearestExact = "nearest-exact"
    /// Linear in both directions.
    case bilinear
    /// Cubic in both directions.
    case bicubic
}

/// What stands beyond the borders of an image (torchvision's `padding_mode`).
public enum ImageBorder: String, Sendable, CaseIterable {
    /// The fill value.
    case constant
    /// The nearest pixel.
    case edge
    /// The image mirrored at its outermost pixels, which are not repeated.
    case reflect
    /// The image mirrored at its border.
    case symmetric
}

/// The size of a crop: one number is a square, two are height and width.
public struct CropSize: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    public let height: Int
    public let width: Int

    /// Height and width, each at least 1.
    public init(_ height: Int, _ width: Int) {
        precondition(height > 0 && width > 0, "a crop of \(height)×\(width) pixels")
        (self.height, self.width) = (height, width)
    }

    public init(integerLiteral value: Int) { self.init(value, value) }

    /// `[height, width]`.
    public init(arrayLiteral elements: Int...) {
        precondition(elements.count == 2, "a crop has two sizes, [height, width], not \(elements.count)")
        self.init(elements[0], elements[1])
    }
}

/// Pixels to add at each side: one number for all, `[left and right, top and bottom]`, or
/// `[left, top, right, bottom]`.
public struct ImagePadding: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    public var left: Int
    public var top: Int
    public var right: Int
    public var bottom: Int

    public init(left: Int, top: Int, right: Int, bottom: Int) {
        (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    }

    /// One, two or four numbers; nil for another count.
    public init?(_ numbers: [Int]) {
        switch numbers.count {
        case 1: self.init(left: numbers[0], top: numbers[0], right: numbers[0], bottom: numbers[0])
        case 2: self.init(left: numbers[0], top: numbers[1], right: numbers[0], bottom: numbers[1])
        case 4: self.init(left: numbers[0], top: numbers[1], right: numbers[2], bottom: numbers[3])
        default: return nil
        }
    }

    public init(integerLiteral value: Int) { self.init(left: value, top: value, right: value, bottom: value) }

    public init(arrayLiteral elements: Int...) {
        guard let padding = ImagePadding(elements) else {
            preconditionFailure("padding is one, two or four numbers, not \(elements.count)")
        }
        self = padding
    }

    /// Whether nothing is added anywhere.
    public var isEmpty: Bool { left == 0 && top == 0 && right == 0 && bottom == 0 }
}
