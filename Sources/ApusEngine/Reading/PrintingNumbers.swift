import Foundation

/// How the numbers of one tensor are written: one notation and one width for all, as PyTorch chooses them.
struct NumberFormat {
    private enum Notation {
        /// Whole reals: `19.`
        case whole
        /// `3.1416`
        case fixed
        /// `3.1416e+05`
        case scientific
    }

    /// The width that numbers are padded to.
    let width: Int
    private let notation: Notation

    /// The format of numbers whose texts are known: whole numbers and truth values.
    init(texts: [String]) {
        notation = .whole
        width = texts.reduce(1) { max($0, $1.utf8.count) }
    }

    /// The format of real numbers.
    ///
    /// Zeros, infinities and NaN decide nothing, not even the width: PyTorch lets them stand out of their column.
    init(reals: [Double]) {
        let numbers = reals.filter { $0.isFinite && $0 != 0 }
        let sizes = numbers.map(\.magnitude)
        guard let smallest = sizes.min(), let largest = sizes.max() else {
            notation = .whole
            width = 1
            return
        }
        // The bounds are PyTorch's (`torch/_tensor_str.py`).
        let notation: Notation =
            if largest / smallest > 1_000 || largest > 1e8 || smallest < 1e-4 {
                .scientific
            } else if numbers.allSatisfy({ $0 == $0.rounded(.up) }) {
                .whole
            } else {
                .fixed
            }
        self.notation = notation
        width = numbers.reduce(1) { max($0, Self.text(of: $1, notation).utf8.count) }
    }

    /// A real number, padded.
    func text(of value: Double) -> String { padded(Self.text(of: value, notation)) }

    /// A text, padded with spaces on the left.
    func padded(_ text: String) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }

    private static func text(of value: Double, _ notation: Notation) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        return switch notation {
        case .whole: String(format: "%.0f.", value)
        case .fixed: String(format: "%.4f", value)
        case .scientific: String(format: "%.4e", value)
        }
    }
}
