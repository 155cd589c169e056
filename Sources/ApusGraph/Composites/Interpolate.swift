/// How ``Tensor/interpolate(size:scaleFactor:mode:alignCorners:recomputeScaleFactor:antialias:)`` finds elements
/// between the positions of a grid, by PyTorch's words.
public enum InterpolationMode: String, Sendable, Hashable, CaseIterable {
    /// The element before the position; 1 to 3 spatial dimensions.
    case nearest
    /// The element whose middle is nearest; 1 to 3 spatial dimensions.
    case nearestExact = "nearest-exact"
    /// A line between two elements; one spatial dimension.
    case linear
    /// The same in two spatial dimensions.
    case bilinear
    /// The same in three spatial dimensions.
    case trilinear
    /// A cubic curve through four elements in each of two spatial dimensions.
    case bicubic
    /// Lanczos' curve over six elements in each of two spatial dimensions; with `antialias` only.
    case lanczos
    /// The mean of what a result covers; 1 to 3 spatial dimensions.
    case area
}

extension InterpolationMode {
    /// The numbers of spatial dimensions for which the mode is defined.
    fileprivate var spatialRanks: ClosedRange<Int> {
        switch self {
        case .nearest, .nearestExact, .area: 1...3
        case .linear: 1...1
        case .bilinear, .bicubic, .lanczos: 2...2
        case .trilinear: 3...3
        }
    }

    /// Whether `alignCorners` has a meaning.
    fileprivate var hasCorners: Bool {
        switch self {
        case .linear, .bilinear, .trilinear, .bicubic: true
        case .nearest, .nearestExact, .area, .lanczos: false
        }
    }
}

/// The arguments of an interpolation.
private struct Interpolation {
    static let name = Resample.name
    let size: [Int]?
    let scaleFactor: [Double]?
    let mode: InterpolationMode
    let alignCorners: Bool?
    let recomputeScaleFactor: Bool
    let antialias: Bool

    func resample(_ shape: Shape) throws(TensorError) -> Resample {
        let rank = shape.rank - 2
        guard mode.spatialRanks.contains(rank) else {
            let ranks = mode.spatialRanks
            let expected = ranks.count == 1 ? "\(ranks.lowerBound + 2)" : "3, 4 or 5"
            throw TensorError(
                Self.name,
                "the input \(shape.brackets) has \(shape.rank) dimensions. The mode \(mode.rawValue) needs \(expected): "
                    + "[N, C, …].")
        }
        try checkOptions()
        let filter = filter
        let input = Array(shape.dimensions.dropFirst(2))
        let (sizes, scales) = try outputs(input, shape)
        return Resample(outputSizes: sizes, scales: scales, filter: filter)
    }

    private func checkOptions() throws(TensorError) {
        if alignCorners != nil, !mode.hasCorners, mode != .lanczos || alignCorners == true {
            throw TensorError(
                Self.name,
                "alignCorners has no meaning with the mode \(mode.rawValue). Leave it out, or use linear, bilinear, "
                    + "bicubic or trilinear.")
        }
        if antialias, ![.bilinear, .bicubic, .lanczos].contains(mode) {
            throw TensorError(
                Self.name, "antialias is defined for bilinear, bicubic and lanczos only, not for \(mode.rawValue).")
        }
        if mode == .lanczos, !antialias {
            throw TensorError(Self.name, "the mode lanczos is defined with antialias: true only.")
        }
        switch (size, scaleFactor) {
        case (nil, nil): throw TensorError(Self.name, "neither size nor scaleFactor is given. Give one of them.")
        case (.some, .some): throw TensorError(Self.name, "both size and scaleFactor are given. Give one of them.")
        default: break
        }
        if size != nil, recomputeScaleFactor {
            throw TensorError(Self.name, "recomputeScaleFactor has no meaning with a size. Leave it out.")
        }
    }

    private var filter: ResamplingFilter {
        let alignsCorners = alignCorners ?? false
        switch mode {
        case .nearest: return .nearest
        case .nearestExact: return .nearestExact
        case .area: return .area
        case .lanczos: return .antialiased(.lanczos, alignsCorners: false)
        case .bicubic:
            return antialias
                ? .antialiased(.cubic, alignsCorners: alignsCorners) : .cubic(alignsCorners: alignsCorners)
        case .linear, .bilinear, .trilinear:
            return antialias
                ? .antialiased(.linear, alignsCorners: alignsCorners) : .linear(alignsCorners: alignsCorners)
        }
    }

    /// The sizes of the result, and the scales that the coordinates follow.
    private func outputs(_ input: [Int], _ shape: Shape) throws(TensorError) -> ([Int], [Double?]) {
        let none = [Double?](repeating: nil, count: input.count)
        if let size {
            try checkCount(size, "size", shape)
            return (size, none)
        }
        let factors = scaleFactor ?? []
        try checkCount(factors, "scaleFactor", shape)
        var sizes: [Int] = []
        for (size, factor) in zip(input, factors) {
            let product = Double(size) * factor
            guard product >= 1, product < 0x1p53 else {
                throw TensorError(
                    Self.name,
                    "the scale factor \(factor) makes of size \(size) of \(shape.brackets) ⌊\(size) · \(factor)⌋, which "
                        + "must be at least 1.")
            }
            sizes.append(Int(product))
        }
        let followsFactors = !recomputeScaleFactor && mode != .area && alignCorners != true
        return (sizes, followsFactors ? factors : none)
    }

    private func checkCount(_ numbers: [some Any], _ argument: String, _ shape: Shape) throws(TensorError) {
        let rank = shape.rank - 2
        guard numbers.count == rank else {
            throw TensorError(
                Self.name,
                "\(argument): \(numbers) has \(numbers.count) numbers, the input \(shape.brackets) has \(rank) spatial "
                    + "dimensions. Give one for each.")
        }
    }

    func apply(to input: Tensor) -> Tensor {
        .checked(like: [input]) { () throws(TensorError) in .record(try resample(input.shape), input) }
    }
}

extension Tensor {
    /// Other sizes of the spatial dimensions, with elements in between (`torch.nn.functional.interpolate`).
    ///
    /// [N, C, W], [N, C, H, W] or [N, C, D, H, W] → [N, C, …] with `size`, or with H' = ⌊H · scaleFactor⌋ and so on.
    ///
    /// - Parameters:
    ///   - size: one number for each spatial dimension; `nil` by default. Just one of this and `scaleFactor` must be
    ///     given.
    ///   - scaleFactor: one number for each spatial dimension; `nil` by default.
    ///   - mode: how elements are found; it must fit the number of dimensions; `.nearest` by default.
    ///   - alignCorners: whether the middles of the outermost elements are those of the outermost results, instead of
    ///     their outer edges; for `linear`, `bilinear`, `bicubic` and `trilinear` only; `nil` by default, which is
    ///     false.
    ///   - recomputeScaleFactor: whether coordinates follow the sizes, input / result, instead of `scaleFactor` itself;
    ///     `false` by default.
    ///   - antialias: whether the curve is stretched when the result is smaller, as in Pillow's `resize`; for
    ///     `bilinear`, `bicubic` and `lanczos` only; `false` by default.
    public func interpolate(
        size: [Int]? = nil, scaleFactor: [Double]? = nil, mode: InterpolationMode = .nearest,
        alignCorners: Bool? = nil, recomputeScaleFactor: Bool = false, antialias: Bool = false
    ) -> Tensor {
        Interpolation(
            size: size, scaleFactor: scaleFactor, mode: mode, alignCorners: alignCorners,
            recomputeScaleFactor: recomputeScaleFactor, antialias: antialias
        ).apply(to: self)
    }
}
