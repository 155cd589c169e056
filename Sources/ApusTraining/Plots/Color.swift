/// A colour of red, green and blue, each 0 to 1.
public struct Color: Sendable, Hashable {
    public var red: Float
    public var green: Float
    public var blue: Float

    public init(red: Float, green: Float, blue: Float) { (self.red, self.green, self.blue) = (red, green, blue) }

    /// A colour as web pages write it: `0xE69F00`.
    public init(hex: UInt32) {
        func part(_ shift: UInt32) -> Float { Float((hex >> shift) & 0xFF) / 255 }
        self.init(red: part(16), green: part(8), blue: part(0))
    }

    public static let black = Color(hex: 0x000000)
    public static let white = Color(hex: 0xFFFFFF)

    /// Colours that people with any colour vision can tell apart (Okabe and Ito, Color Universal Design, 2008).
    public static let palette: [Color] = [
        0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x000000, 0xF0E442,
    ].map { Color(hex: $0) }

    /// Red, green and blue from 0 to 255.
    var bytes: [UInt8] { [red, green, blue].map { UInt8(Swift.min(Swift.max($0, 0), 1) * 255 + 0.5) } }

    /// The colour as `#RRGGBB`.
    var webName: String { "#" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined() }
}
