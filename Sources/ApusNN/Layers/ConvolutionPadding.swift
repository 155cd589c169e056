import ApusGraph

/// How many zeros a convolution adds around its input: numbers, `.same` or `.valid`.
public struct ConvolutionPadding: Sendable, Hashable {
    /// The three ways to say it.
    public enum Kind: Sendable, Hashable {
        /// Numbers, on both sides of each dimension.
        case sizes(SpatialSizes)
        /// As many as keep the size, for a stride of 1: dilation · (kernel − 1) in all, one more at the end where that
        /// is odd.
        case same
        /// None.
        case valid
    }

    /// Which of the three.
    public let kind: Kind

    /// A padding of one of the three kinds, `kind`.
    public init(_ kind: Kind) { self.kind = kind }

    /// The same with one number for each of `rank` dimensions, none of them negative.
    func resolved(rank: Int, of arguments: inout LayerArguments) -> ConvolutionPadding {
        guard case .sizes(let sizes) = kind else { return self }
        return ConvolutionPadding(.sizes(arguments.sizes(sizes, "padding", rank: rank, atLeast: 0)))
    }

    /// Refuses `.same` with a stride, which changes the size.
    func requireSize(stride: SpatialSizes, of arguments: inout LayerArguments) {
        guard kind == .same else { return }
        arguments.require(
            stride.areAll(1),
            "padding: .same keeps the size, which a stride of \(stride) does not. Give the padding as numbers.")
    }

    /// The zeros before and after each spatial dimension.
    func zeros(kernelSize: SpatialSizes, dilation: SpatialSizes) -> (before: [Int], after: [Int]) {
        switch kind {
        case .sizes(let sizes): return (sizes.sizes, sizes.sizes)
        case .valid:
            let zeros = kernelSize.sizes.map { _ in 0 }
            return (zeros, zeros)
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
    /// The padding itself.
    public var convolutionPadding: ConvolutionPadding { self }
}

extension SpatialSizes: ConvolutionPaddingConvertible {
    /// These numbers on both sides.
    public var convolutionPadding: ConvolutionPadding { .init(.sizes(self)) }
}

extension Int: ConvolutionPaddingConvertible {
    /// This number on all sides.
    public var convolutionPadding: ConvolutionPadding { .init(.sizes(SpatialSizes(self))) }
}

extension [Int]: ConvolutionPaddingConvertible {
    /// These numbers on both sides, one for each dimension.
    public var convolutionPadding: ConvolutionPadding { .init(.sizes(SpatialSizes(self))) }
}

extension ConvolutionPaddingConvertible where Self == ConvolutionPadding {
    /// As much padding as keeps the size, for a stride of 1.
    public static var same: ConvolutionPadding { .init(.same) }
    /// No padding.
    public static var valid: ConvolutionPadding { .init(.valid) }
}
