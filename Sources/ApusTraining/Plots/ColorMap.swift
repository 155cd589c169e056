import ApusData

/// Colours for numbers from 0 to 1, in which equal steps look equally large.
///
/// A map holds each fifth of the 256 colours that it was published with; between them the lines differ from the
/// published colours by less than 1.2 of 255.
public struct ColorMap: Sendable {
    /// The colours of 0, 1/51, … 1.
    private let knots: [Color]

    private init(_ knots: [UInt32]) { self.knots = knots.map { Color(hex: $0) } }

    /// The colour of a number, cut to 0 … 1; a NaN has the colour of 0.
    public func color(at number: Float) -> Color {
        let place = (number > 0 ? min(number, 1) : 0) * Float(knots.count - 1)
        let low = min(Int(place), knots.count - 2)
        let part = place - Float(low)
        func between(_ path: KeyPath<Color, Float>) -> Float {
            knots[low][keyPath: path] * (1 - part) + knots[low + 1][keyPath: path] * part
        }
        return Color(red: between(\.red), green: between(\.green), blue: between(\.blue))
    }

    /// A gray picture in colours: black has that of 0, white that of 1; of other pictures the gray form.
    public func image(of image: Image) -> Image {
        let table = (0..<256).map { color(at: Float($0) / 255).bytes }
        return Image(
            width: image.width, height: image.height, channels: 3,
            samples: image.gray().samples.flatMap { table[Int($0)] })
    }

    /// From dark violet over green to yellow (S. van der Walt & N. Smith 2015, released under CC0).
    public static let viridis = ColorMap([
        0x440154, 0x46085C, 0x471063, 0x481769, 0x481D6F, 0x482475, 0x472A7A, 0x46307E, 0x453781, 0x433D84,
        0x414287, 0x3F4889, 0x3D4E8A, 0x3A538B, 0x38598C, 0x355E8D, 0x33638D, 0x31688E, 0x2E6D8E, 0x2C718E,
        0x2A768E, 0x297B8E, 0x27808E, 0x25848E, 0x23898E, 0x218E8D, 0x20928C, 0x1F978B, 0x1E9C89, 0x1FA188,
        0x21A585, 0x24AA83, 0x28AE80, 0x2EB37C, 0x35B779, 0x3DBC74, 0x46C06F, 0x50C46A, 0x5AC864, 0x65CB5E,
        0x70CF57, 0x7CD250, 0x89D548, 0x95D840, 0xA2DA37, 0xB0DD2F, 0xBDDF26, 0xCAE11F, 0xD8E219, 0xE5E419,
        0xF1E51D, 0xFDE725,
    ])

    /// From black over red to light yellow (S. van der Walt & N. Smith 2015, released under CC0).
    public static let inferno = ColorMap([
        0x000004, 0x02020C, 0x050417, 0x0A0722, 0x10092D, 0x160B39, 0x1E0C45, 0x260C51, 0x2F0A5B, 0x380962,
        0x400A67, 0x490B6A, 0x510E6C, 0x59106E, 0x61136E, 0x69166E, 0x71196E, 0x781C6D, 0x801F6C, 0x88226A,
        0x902568, 0x982766, 0xA02A63, 0xA82E5F, 0xB0315B, 0xB73557, 0xBF3952, 0xC63D4D, 0xCC4248, 0xD34743,
        0xD94D3D, 0xDF5337, 0xE45A31, 0xE9612B, 0xED6925, 0xF1711F, 0xF47918, 0xF78212, 0xF98B0B, 0xFA9407,
        0xFB9D07, 0xFCA60C, 0xFCB014, 0xFBBA1F, 0xFAC42A, 0xF8CD37, 0xF6D746, 0xF4E156, 0xF2EA69, 0xF2F27D,
        0xF5F992, 0xFCFFA4,
    ])
}
