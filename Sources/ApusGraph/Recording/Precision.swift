/// How many bits the factors of products keep, in convolutions and matrix products of `float32`.
public enum Precision: Sendable, Hashable {
    /// All of them.
    case full
    /// Those of `bfloat16`: 8 bits of the mantissa. Sums are `float32`.
    case bfloat16

    /// What convolutions and matrix products take that are recorded now; see ``autocast(_:_:)``.
    @TaskLocal public static var current = Precision.full
}

/// Runs `body` with convolutions and matrix products of a lower precision (`torch.autocast`).
///
///     let loss = autocast(.bfloat16) { crossEntropy(net(images), labels) }
///     loss.backward()
///
/// The factors of a product are rounded to `bfloat16`, to nearest, and multiplied by instructions for it, which do two to
/// sixteen times as many products; sums are `float32`. The gradients of what is recorded here are computed alike,
/// wherever `backward()` is called. Parameters and matrix products stay `float32`, and no loss scaling is needed. Products
/// that a device has no such kernel for (with groups, or of `float64`) are computed in full.
///
/// On a CPU the results of convolutions stay `float32`, too: other than PyTorch's, they are not rounded. On a GPU those of
/// convolutions over images are rounded to `bfloat16`, as in PyTorch, and so are their gradients by the images and by the
/// weight, which then is `float32` again. Normalisation, pooling and elementwise functions that read such results compute
/// in `float32`. They round theirs, too; elementwise functions do so only where no other steps than these read them. To the
/// program all of them are tensors of `float32`. Convolutions along one or three dimensions, depthwise ones, those whose
/// paddings before and after differ, and what cuDNN has no kernel for are computed in full.
///
/// A processor without instructions for `bfloat16` is an error when such a product is computed: see
/// `DeviceInformation.supportsBFloat16`. So is a GPU of a compute capability below 8.0.
///
/// - Parameters:
///   - precision: `.bfloat16`, or `.full` to leave an outer `autocast`.
///   - body: what records convolutions and matrix products.
public func autocast<Result, Failure: Error>(
    _ precision: Precision, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let outcome: Swift.Result<Result, Failure> = Precision.$current.withValue(precision) {
        do throws(Failure) {
            return .success(try body())
        } catch {
            return .failure(error)
        }
    }
    return try outcome.get()
}

extension Precision {
    /// Before the name of an operation in traces.
    func describe(_ name: String) -> String { self == .full ? name : "bfloat16 \(name)" }
}
