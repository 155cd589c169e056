/// The windows that slide over an image: one number for height and one for width each.
public struct SlidingWindow: Sendable, Hashable {
    public var kernelSize: [Int]
    public var stride: [Int]
    public var padding: [Int]
    public var dilation: [Int]

    public init(kernelSize: [Int], stride: [Int], padding: [Int], dilation: [Int]) {
        self.kernelSize = kernelSize
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
    }

    /// The number of places of the window.
    public var taps: Int { kernelSize.reduce(1, *) }

    /// How many windows stand along height and width: ⌊(H + 2p − d · (F − 1) − 1) / S⌋ + 1.
    public func blocks(_ image: [Int]) -> [Int] {
        image.indices.map { dimension in
            let reach = dilation[dimension] * (kernelSize[dimension] - 1) + 1
            let span = image[dimension] + 2 * padding[dimension] - reach
            return span < 0 ? 0 : span / stride[dimension] + 1
        }
    }

    /// What both directions refuse.
    fileprivate func check(_ x: TensorSpec, image: [Int], operation: String) throws(TensorError) {
        guard x.dtype.isFloatingPoint else {
            throw TensorError(operation, "the input is \(x.dtype). Cast it to .float32.")
        }
        for (what, values, least) in [
            ("kernel size", kernelSize, 1), ("stride", stride, 1), ("padding", padding, 0), ("dilation", dilation, 1),
        ] where values.count != 2 || values.contains(where: { $0 < least }) {
            throw TensorError(operation, "the \(what) \(values) must be two numbers of at least \(least).")
        }
        let blocks = blocks(image)
        guard blocks.allSatisfy({ $0 >= 1 }), image.allSatisfy({ $0 >= 1 }) else {
            throw TensorError(
                operation,
                "the window \(kernelSize) with dilation \(dilation) does not fit an image of \(image) with padding "
                    + "\(padding): [(size + 2 · padding − dilation · (kernel − 1) − 1) / stride] + 1 is \(blocks). Use "
                    + "a smaller window, more padding or a larger image.")
        }
    }
}

/// The elements of each window as a column (im2col).
///
/// Shape rule: [N, C, H, W] → [N, C · kh · kw, L] with one column for each of the L windows, row by row.
public struct Unfold: Primitive {
    public static let name = "unfold"
    public let window: SlidingWindow

    public init(_ window: SlidingWindow) { self.window = window }

    public var gradientName: String { "Im2ColBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let x = inputs[0]
        guard x.shape.rank == 4, x.shape[1] > 0 else {
            throw TensorError(
                name,
                "the input is \(x.shape.brackets). Expected images of at least one channel: [N, C, H, W], or [C, H, W] "
                    + "without a batch.")
        }
        let image = Array(x.shape.dimensions.suffix(2))
        try window.check(x, image: image, operation: name)
        let shape: Shape = [x.shape[0], x.shape[1] * window.taps, window.blocks(image).reduce(1, *)]
        return [TensorSpec(shape, x.dtype, x.device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let image = Array(context.inputSpec(0).shape.dimensions.suffix(2))
        return [.record(Fold(window, outputSize: image), context.cotangent())]
    }
}

/// The sum of columns at the places of their windows (col2im), the transpose of ``Unfold``.
///
/// Shape rule: [N, C · kh · kw, L] → [N, C, H, W], where `outputSize` is [H, W].
public struct Fold: Primitive {
    public static let name = "fold"
    public let window: SlidingWindow
    public let outputSize: [Int]

    public init(_ window: SlidingWindow, outputSize: [Int]) {
        self.window = window
        self.outputSize = outputSize
    }

    public var gradientName: String { "Col2ImBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let x = inputs[0]
        guard x.shape.rank == 3, x.shape[1] > 0 else {
            throw TensorError(
                name,
                "the input is \(x.shape.brackets). Expected columns [N, C · kernel height · kernel width, L], or "
                    + "without a batch [C · kernel height · kernel width, L].")
        }
        try window.check(x, image: outputSize, operation: name)
        guard x.shape[1] % window.taps == 0 else {
            throw TensorError(
                name,
                "the columns of \(x.shape.brackets) have \(x.shape[1]) elements, which is no multiple of the window's "
                    + "\(window.kernelSize[0]) · \(window.kernelSize[1]) = \(window.taps).")
        }
        let blocks = window.blocks(outputSize)
        let count = blocks.reduce(1, *)
        guard x.shape[2] == count else {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) has \(x.shape[2]) columns. An image of \(outputSize) has "
                    + "\(blocks[0]) · \(blocks[1]) = \(count) windows \(window.kernelSize) with stride "
                    + "\(window.stride), padding \(window.padding) and dilation \(window.dilation).")
        }
        let shape: Shape = [x.shape[0], x.shape[1] / window.taps, outputSize[0], outputSize[1]]
        return [TensorSpec(shape, x.dtype, x.device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] { [.record(Unfold(window), context.cotangent())] }
}

extension Tensor {
    /// The elements of each window as a column (`torch.nn.functional.unfold`): [N, C, H, W] → [N, C · kh · kw, L], or
    /// without a batch [C, H, W] → [C · kh · kw, L].
    ///
    /// - Parameters:
    ///   - window: kernel size, stride, padding and dilation.
    public func unfold(_ window: SlidingWindow) -> Tensor {
        let result = Tensor.record(Unfold(window), rank == 3 ? unsqueeze(dim: 0) : self)
        return rank == 3 ? result.squeeze(dim: 0).withGradientName(result.gradientFunctionName) : result
    }

    /// The sum of columns at the places of their windows (`torch.nn.functional.fold`): [N, C · kh · kw, L] → [N, C, H,
    /// W] with `outputSize` [H, W], or without a batch [C · kh · kw, L] → [C, H, W].
    ///
    /// - Parameters:
    ///   - window: kernel size, stride, padding and dilation.
    ///   - outputSize: the height and width of the result.
    public func fold(_ window: SlidingWindow, outputSize: [Int]) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard outputSize.count == 2 else {
                throw TensorError("fold", "the output size \(outputSize) must be two numbers: height and width.")
            }
            let fold = Fold(window, outputSize: outputSize)
            let result = Tensor.record(fold, rank == 2 ? unsqueeze(dim: 0) : self)
            return rank == 2 ? result.squeeze(dim: 0).withGradientName(result.gradientFunctionName) : result
        }
    }
}
