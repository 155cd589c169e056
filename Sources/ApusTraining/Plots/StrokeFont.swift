import Foundation

/// A font of strokes, so that text needs no font file and is sharp at any size.
///
/// Each character is drawn on a grid 4 wide and 6 high, with 2 more below the baseline: pairs of digits are points
/// (column, row from the top), blanks separate the strokes.
enum StrokeFont {
    /// The height of a capital letter and the distance from one character to the next, in units of the grid.
    static let capitalHeight = 6.0
    static let advance = 6.0

    /// The strokes of a character; an empty box where the font lacks it.
    static func strokes(of character: Character) -> [[(x: Double, y: Double)]] {
        let plain = String(character).folding(options: .diacriticInsensitive, locale: nil)
        let glyph = glyphs[character] ?? glyphs[plain.first ?? character] ?? "0040460600"
        return glyph.split(separator: " ").map { stroke in
            let digits = stroke.compactMap { $0.wholeNumberValue.map(Double.init) }
            return stride(from: 0, to: digits.count - 1, by: 2).map { (digits[$0], digits[$0 + 1]) }
        }
    }

    private static let glyphs: [Character: String] = [
        " ": "",
        "0": "103041453616050110", "1": "112026 1636", "2": "01103041420646", "3": "01103041423323 334445361605",
        "4": "36300444", "5": "400002324345361605", "6": "3010010516364544331304", "7": "004016",
        "8": "103041423313020110 133344453616050413", "9": "4233130201103041453616",
        "A": "062046 1434", "B": "00304142330300 334445360603", "C": "4130100105163645", "D": "00204244260600",
        "E": "40000646 0333", "F": "400006 0333", "G": "41301001051636454323", "H": "0006 4046 0343",
        "I": "1030 2026 1636", "J": "4045361605", "K": "0006 400346", "L": "000646", "M": "0600234046",
        "N": "06004640", "O": "103041453616050110", "P": "06003041423303", "Q": "103041453616050110 3446",
        "R": "06003041423303 2346", "S": "413010010213334445361605", "T": "0040 2026", "U": "000516364540",
        "V": "002640", "W": "0016233640", "X": "0046 4006", "Y": "002340 2326", "Z": "00400646",
        "a": "12324346 441405163645", "b": "0006 0312324345361605", "c": "4332120305163645",
        "d": "4046 4332120305163645", "e": "04444332120305163645", "f": "40302126 1242",
        "g": "4332120305163645 4247381807", "h": "0006 0312324346", "i": "2226 2020", "j": "32372818 3030",
        "k": "0006 4204 2346", "l": "202536", "m": "0206 03122326 23324346", "n": "0206 0312324346",
        "o": "123243453616050312", "p": "0208 0312324345361605", "q": "4248 4332120305163645", "r": "0206 04132232",
        "s": "4212031434453606", "t": "20253646 1242", "u": "0205163645 4246", "v": "022642", "w": "0216243642",
        "x": "0246 4206", "y": "0226 42261808", "z": "02420646",
        ".": "2626", ",": "2617", ":": "2323 2626", ";": "2323 2617", "'": "2021", "\"": "1011 3031", "!": "2024 2626",
        "?": "01103041422324 2626", "-": "1333", "−": "0343", "+": "0343 2125", "=": "0242 0444", "*": "2125 1234 3214",
        "/": "4006", "%": "4006 1010 3636", "(": "30121436", ")": "10323416", "[": "30101636", "]": "10303616",
        "<": "410345", ">": "014305", "_": "0747", "|": "2027", "×": "1234 3214", "→": "0343 324334",
        "²": "10213223 2333", "…": "0606 2626 4646",
        "$": "413010010213334445361605 2026", "\\": "0046", "^": "122032", "`": "1021", "{": "30212213242536",
        "}": "10212233242516", "~": "04133443",
        "#": "1016 3036 0242 0444", "@": "34231405344301033010", "&": "4602112231042616", "°": "1021123211",
    ]
}

extension Canvas {
    /// Where a text stands relative to its point.
    public enum TextAlignment: Sendable {
        case left
        case center
        case right
    }

    /// The width of a text in pixels; `size` is the height of a capital letter.
    public static func width(of text: String, size: Double) -> Double {
        let unit = size / StrokeFont.capitalHeight
        return max(0, Double(text.count) * StrokeFont.advance - 2) * unit
    }

    /// Writes a text whose baseline starts, is centred or ends at `point`.
    ///
    /// ASCII and − × → ² … are known. A letter with an accent is written without it; another character is an empty box. `size` is the height of a capital letter in
    /// pixels.
    public mutating func write(
        _ text: String, at point: CanvasPoint, size: Double = 10, color: Color = .black,
        alignment: TextAlignment = .left
    ) {
        let unit = size / StrokeFont.capitalHeight
        let width = Self.width(of: text, size: size)
        var x = point.x
        switch alignment {
        case .left: break
        case .center: x -= width / 2
        case .right: x -= width
        }
        for character in text {
            for stroke in StrokeFont.strokes(of: character) {
                let points = stroke.map { CanvasPoint(x + $0.x * unit, point.y - size + $0.y * unit) }
                self.stroke(points, width: max(1, size / 8), color: color)
            }
            x += StrokeFont.advance * unit
        }
    }
}
