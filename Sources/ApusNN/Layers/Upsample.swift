import ApusGraph

/// Other sizes of the spatial dimensions, with elements in between (`torch.nn.functional.interpolate`): ``Upsample`` as
/// a function.
///
/// [N, C, W], [N, C, H, W] or [N, C, D, H, W] → [N, C, …] with `size`, or with H' = ⌊H · scaleFactor⌋ and so on.
///
/// - Parameters:
///   - input: [N, C, …].
///   - size: the sizes of the result, at least 1: one number for all spatial dimensions, or one for each; `nil` by
///     default.
///   - scaleFactor: the same as factors of the input's sizes; `nil` by default. Just one of both must be given.
///   - mode: how elements are found: `.linear`, `.bilinear` and `.trilinear` are for 1, 2 and 3 spatial dimensions,
///     `.bicubic` for 2, `.nearest`, `.nearestExact` and `.area` for all; `.nearest` by default.
///   - alignCorners: whether the middles of the outermost elements are those of the outermost results; for the modes
///     with lines and curves only; `nil` by default, which is false.
///   - recomputeScaleFactor: whether coordinates follow input size / result size instead of `scaleFactor` itself;
///     `false` by default.
///   - antialias: whether the curves of `.bilinear`, `.bicubic` and `.lanczos` are stretched over all elements that a
///     smaller result covers, as in Pillow's `resize`; `false` by default.
///
/// Both or none of the sizes are an error, and so are sizes below 1, a mode that does not fit the dimensions, and
/// `alignCorners` for other modes (see ``/ApusGraph/withTensorErrors(_:)``).
public func interpolate(
    _ input: Tensor, size: (any SpatialSize)? = nil, scaleFactor: (any ScaleFactor)? = nil,
    mode: InterpolationMode = .nearest, alignCorners: Bool? = nil, recomputeScaleFactor: Bool = false,
    antialias: Bool = false
) -> Tensor {
    // A single number stands for all spatial dimensions; which numbers of them there are is checked below.
    let rank = max(input.rank - 2, 1)
    let sizes = size?.spatialSizes
    return input.interpolate(
        size: sizes.map { $0.resolved(rank: rank)?.sizes ?? $0.sizes },
        scaleFactor: scaleFactor?.scaleFactors.spread(rank), mode: mode, alignCorners: alignCorners,
        recomputeScaleFactor: recomputeScaleFactor, antialias: antialias)
}

/// Other sizes of the spatial dimensions, with elements in between (`torch.nn.Upsample`).
///
/// [N, C, W], [N, C, H, W] or [N, C, D, H, W] → [N, C, …] with `size`, or with H' = ⌊H · scaleFactor⌋ and so on. A
/// smaller size works too; ``/ApusGraph/InterpolationMode/area`` is then the smoothest.
open class Upsample: Module {
    /// The sizes of the result; nil where ``scaleFactor`` says them.
    public let size: SpatialSizes?
    /// The factors of the sizes; nil where ``size`` says them.
    public let scaleFactor: ScaleFactors?
    /// How elements are found.
    public let mode: InterpolationMode
    /// Whether the middles of the outermost elements and results fall together.
    public let alignCorners: Bool?
    /// Whether coordinates follow the sizes instead of the factors.
    public let recomputeScaleFactor: Bool

    /// An upsampling to a size or by a factor.
    ///
    /// - Parameters:
    ///   - size: the sizes of the result, at least 1: one number for all spatial dimensions, or one for each; `nil` by
    ///     default.
    ///   - scaleFactor: the same as factors of the input's sizes; `nil` by default. Just one of both must be given.
    ///   - mode: how elements are found: `.linear`, `.bilinear` and `.trilinear` are for 1, 2 and 3 spatial dimensions,
    ///     `.bicubic` for 2, `.nearest`, `.nearestExact` and `.area` for all; `.nearest` by default.
    ///   - alignCorners: whether the middles of the outermost elements are those of the outermost results; for the
    ///     modes with lines and curves only; `nil` by default, which is false.
    ///   - recomputeScaleFactor: whether coordinates follow input size / result size instead of `scaleFactor` itself;
    ///     `false` by default.
    ///
    /// Both or none of the sizes are an error, and so are sizes below 1, and when the layer is called a mode that does
    /// not fit the dimensions, and `alignCorners` for other modes (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        size: (any SpatialSize)? = nil, scaleFactor: (any ScaleFactor)? = nil, mode: InterpolationMode = .nearest,
        alignCorners: Bool? = nil, recomputeScaleFactor: Bool = false
    ) {
        self.size = size?.spatialSizes
        self.scaleFactor = scaleFactor?.scaleFactors
        (self.mode, self.alignCorners, self.recomputeScaleFactor) = (mode, alignCorners, recomputeScaleFactor)
        super.init()
        var arguments = LayerArguments(of: typeName)
        arguments.require(
            (size == nil) != (scaleFactor == nil),
            size == nil
                ? "neither size nor scaleFactor is given. Give one of them."
                : "both size and scaleFactor are given. Give one of them.")
        arguments.require(
            self.size?.sizes.allSatisfy { $0 >= 1 } ?? true,
            "size is \(self.size.map(\.description) ?? ""). It must be at least 1.")
        arguments.require(
            self.scaleFactor?.factors.allSatisfy { $0 > 0 && $0.isFinite } ?? true,
            "scaleFactor is \(self.scaleFactor.map(\.description) ?? ""). It must be a positive number.")
    }

    override open func forward(_ input: Tensor) -> Tensor {
        interpolate(
            input, size: size, scaleFactor: scaleFactor, mode: mode, alignCorners: alignCorners,
            recomputeScaleFactor: recomputeScaleFactor)
    }

    override open var extraDescription: String {
        let extent = scaleFactor.map { "scale_factor=\($0)" } ?? "size=\(size.map(\.description) ?? "None")"
        return "\(extent), mode='\(mode.rawValue)'"
    }
}

/// Planes of other sizes made of the nearest elements (`torch.nn.UpsamplingNearest2d`).
///
/// [N, C, H, W] → [N, C, H', W'] with `size`, or with H' = ⌊H · scaleFactor⌋, W' = ⌊W · scaleFactor⌋.
open class UpsamplingNearest2d: Upsample {
    /// An upsampling to a size or by a factor.
    ///
    /// - Parameters:
    ///   - size: the sizes of the result, at least 1: one number for both dimensions, or [height, width]; `nil` by
    ///     default.
    ///   - scaleFactor: the same as factors of the input's sizes; `nil` by default. Just one of both must be given.
    ///
    /// Both or none of them are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(size: (any SpatialSize)? = nil, scaleFactor: (any ScaleFactor)? = nil) {
        super.init(size: size, scaleFactor: scaleFactor, mode: .nearest)
    }
}

/// Planes of other sizes made of lines between elements, whose corners are the corners of the result
/// (`torch.nn.UpsamplingBilinear2d`).
///
/// [N, C, H, W] → [N, C, H', W'] with `size`, or with H' = ⌊H · scaleFactor⌋, W' = ⌊W · scaleFactor⌋.
open class UpsamplingBilinear2d: Upsample {
    /// An upsampling to a size or by a factor.
    ///
    /// - Parameters:
    ///   - size: the sizes of the result, at least 1: one number for both dimensions, or [height, width]; `nil` by
    ///     default.
    ///   - scaleFactor: the same as factors of the input's sizes; `nil` by default. Just one of both must be given.
    ///
    /// Both or none of them are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(size: (any SpatialSize)? = nil, scaleFactor: (any ScaleFactor)? = nil) {
        super.init(size: size, scaleFactor: scaleFactor, mode: .bilinear, alignCorners: true)
    }
}
