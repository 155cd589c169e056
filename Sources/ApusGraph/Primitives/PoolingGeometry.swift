/// The attributes of a pooling: one entry per spatial dimension, outermost first.
public struct PoolingGeometry: Sendable, Hashable {
    private struct Attributes: Hashable, Sendable {
        var kernelSize: [Int]
        var stride: [Int]
        var padding: [Int]
        var dilation: [Int]
        var ceilMode: Bool
    }

    // A layer hands its geometry to each pooling that it records.
    private var attributes: SharedValue<Attributes>

    public var kernelSize: [Int] {
        get { attributes.value.kernelSize }
        set { attributes.value.kernelSize = newValue }
    }
    public var stride: [Int] {
        get { attributes.value.stride }
        set { attributes.value.stride = newValue }
    }
    public var padding: [Int] {
        get { attributes.value.padding }
        set { attributes.value.padding = newValue }
    }
    public var dilation: [Int] {
        get { attributes.value.dilation }
        set { attributes.value.dilation = newValue }
    }
    public var ceilMode: Bool {
        get { attributes.value.ceilMode }
        set { attributes.value.ceilMode = newValue }
    }

    public init(kernelSize: [Int], stride: [Int], padding: [Int], dilation: [Int], ceilMode: Bool) {
        attributes = SharedValue(
            Attributes(
                kernelSize: kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode))
    }

    /// Dense windows side by side.
    init(tiling kernelSize: [Int]) {
        self.init(
            kernelSize: kernelSize, stride: kernelSize, padding: kernelSize.map { _ in 0 },
            dilation: kernelSize.map { _ in 1 }, ceilMode: false)
    }

    public var spatialRank: Int { kernelSize.count }

    /// ⌊(W + 2p − d · (F − 1) − 1) / S⌋ + 1, or with the ceiling; then the last window must start within the input or
    /// the padding before it.
    public func outputSize(_ input: Int, _ dimension: Int) -> Int {
        let stride = stride[dimension]
        let span = input + 2 * padding[dimension] - dilation[dimension] * (kernelSize[dimension] - 1) - 1
        guard span >= 0 || ceilMode else { return 0 }
        let rounded = span + (ceilMode ? stride - 1 : 0)
        guard rounded >= 0 else { return 0 }
        var size = rounded / stride + 1
        if ceilMode, (size - 1) * stride >= input + padding[dimension] { size -= 1 }
        return size
    }

    /// The shape rule shared by all poolings with these attributes: [N, C, …] → [N, C, output sizes].
    ///
    /// `operation` is asked for where there is an error only, as each step asks for the shape.
    func outputShape(_ input: TensorSpec, operation: @autoclosure () -> String) throws(TensorError) -> Shape {
        if let regular = regularShape(input) { return regular }
        let rank = spatialRank
        try Self.checkInput(input, spatialRank: rank, operation: operation())
        func require(_ what: StaticString, _ values: [Int], atLeast least: Int) throws(TensorError) {
            for value in values where value < least {
                throw TensorError(operation(), "the \(what) \(values) must be at least \(least).")
            }
        }
        try require("kernel size", kernelSize, atLeast: 1)
        try require("stride", stride, atLeast: 1)
        try require("dilation", dilation, atLeast: 1)
        try require("padding", padding, atLeast: 0)
        var sizes = Shape(input.shape[0], input.shape[1])
        for dimension in 0..<rank {
            guard padding[dimension] <= kernelSize[dimension] / 2 else {
                throw TensorError(
                    operation(),
                    "the padding \(padding[dimension]) is more than half of the kernel size \(kernelSize[dimension]). "
                        + "Expected at most \(kernelSize[dimension] / 2).")
            }
            let reach = dilation[dimension] * (kernelSize[dimension] - 1) + 1
            let size = outputSize(input.shape[dimension + 2], dimension)
            guard size >= 1, input.shape[1] > 0, input.shape[dimension + 2] > 0 else {
                throw TensorError(
                    operation(),
                    "the window \(kernelSize) with dilation \(dilation) does not fit the input "
                        + "\(input.shape.brackets) with padding \(padding): [(\(input.shape[dimension + 2])"
                        + " + 2·\(padding[dimension]) − \(reach)) / \(stride[dimension])] + 1 is less than 1.")
            }
            sizes.append(size)
        }
        return sizes
    }

    /// ``outputShape(_:operation:)`` where there is nothing to refuse, else nil: asked in each step, without what only its
    /// messages need.
    private func regularShape(_ input: TensorSpec) -> Shape? {
        guard input.shape.rank == spatialRank + 2, input.dtype.isFloatingPoint, input.shape[1] > 0 else { return nil }
        var sizes = Shape(input.shape[0], input.shape[1])
        for dimension in 0..<spatialRank {
            let (kernel, padding) = (kernelSize[dimension], padding[dimension])
            guard kernel >= 1, stride[dimension] >= 1, dilation[dimension] >= 1, padding >= 0, padding <= kernel / 2,
                input.shape[dimension + 2] > 0
            else { return nil }
            let size = outputSize(input.shape[dimension + 2], dimension)
            guard size >= 1 else { return nil }
            sizes.append(size)
        }
        return sizes
    }

    /// Refuses what is no batch of real images with `spatialRank` dimensions.
    static func checkInput(
        _ input: TensorSpec, spatialRank: Int, operation: @autoclosure () -> String
    ) throws(TensorError) {
        guard input.shape.rank == spatialRank + 2 else {
            throw rankError(input.shape, spatialRank: spatialRank, operation: operation())
        }
        guard input.dtype.isFloatingPoint else {
            throw TensorError(operation(), "the input is \(input.dtype). Cast it to .float32.")
        }
    }

    /// Says that a tensor is no image and no batch of images.
    static func rankError(_ shape: Shape, spatialRank: Int, operation: String) -> TensorError {
        let names = ["L", "H, W", "D, H, W"]
        let sizes = names.indices.contains(spatialRank - 1) ? names[spatialRank - 1] : "…"
        return TensorError(
            operation,
            "the input \(shape.brackets) has \(shape.rank) dimensions. Expected \(spatialRank + 2), [N, C, \(sizes)], "
                + "or \(spatialRank + 1) without a batch, [C, \(sizes)].")
    }
}

extension Tensor {
    /// Applies a pooling of batches to [N, C, …], or to [C, …] as a batch of one.
    func pooled(
        _ spatialRank: Int, _ operation: @autoclosure () -> String, _ pool: (Tensor) throws(TensorError) -> [Tensor]
    ) throws(TensorError) -> [Tensor] {
        if rank == spatialRank + 2 { return try pool(self) }
        guard rank == spatialRank + 1 else {
            throw PoolingGeometry.rankError(shape, spatialRank: spatialRank, operation: operation())
        }
        return try pool(unsqueeze(dim: 0)).map { $0.squeeze(dim: 0).withGradientName($0.gradientFunctionName) }
    }

    /// Runs a pooling with two results, values and indices, and raises its error at the user's call.
    func checkedPair(
        _ body: () throws(TensorError) -> [Tensor]
    ) -> (values: Tensor, indices: Tensor) {
        do {
            let results = try body()
            return (results[0], results[results.count - 1])
        } catch {
            let poisoned = Tensor.refuse(error, like: [self])
            return (poisoned, poisoned)
        }
    }
}
