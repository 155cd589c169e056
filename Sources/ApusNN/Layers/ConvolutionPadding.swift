import ApusGraph

/// How many zeros a convolution adds around its input: numbers, `.same` or `.valid`.
public struct ConvolutionPadding: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Height and width, on both sides.
        case sizes(Pair)
        /// As many as keep the size, for a stride of 1: dilation · (kernel − 1) in all, one more at the end where that
        /// is odd.
        case same
        /// None.
        case valid
    }

    public let kind: Kind

    public init(_ kind: Kind) { self.kind = kind }

    /// The zeros before and after each spatial dimension.
    func zeros(kernelSize: Pair, dilation: Pair) -> (before: [Int], after: [Int]) {
        switch kind {
        case .sizes(let pair): return (pair.sizes, pair.sizes)
        case .valid: return ([0, 0], [0, 0])
        case .same:
            let totals = zip(kernelSize.sizes, dilation.sizes).map { kernel, dilation in dilation * (kernel - 1) }
            return (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
        }
    }
}

/// What can be given as a convolution's padding: a ``SpatialSize``, `.same` or `.valid`.
public protocol ConvolutionPaddingConvertible {
    var convolutionPadding: ConvolutionPadding { get }
}

extension ConvolutionPadding: ConvolutionPaddingConvertible {
    public var convolutionPadding: ConvolutionPadding { self }
}

extension Pair: ConvolutionPaddingConvertible {
    public var convolutionPadding: ConvolutionPadding { .init(.sizes(self)) }
}

extension Int: ConvolutionPaddingConvertible {
    public var convolutionPadding: ConvolutionPadding { .init(.sizes(Pair(self))) }
}

extension [Int]: ConvolutionPaddingConvertible {
    public var convolutionPadding: ConvolutionPadding { .init(.sizes(Pair(self))) }
}

extension ConvolutionPaddingConvertible where Self == ConvolutionPadding {
    public static var same: ConvolutionPadding { .init(.same) }
    public static var valid: ConvolutionPadding { .init(.valid) }
}
