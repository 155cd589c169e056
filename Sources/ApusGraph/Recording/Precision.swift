/// How many bits the factors of products keep, in convolutions and matrix products of `float32`.
public enum Precision: Sendable, Hashable {
    /// All of them.
    case full
    /// Those of `bfloat16`: 8 bits of the mantissa. Sums and results stay `float32`.
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
/// wherever `backward()` is called. Parameters, results and everything else stay `float32`: other than PyTorch's,
/// results are not rounded, and no loss scaling is needed. Products that a device has no such kernel for (with groups, or
/// of `float64`) are computed in full.
///
/// A processor without instructions for `bfloat16` is an error when such a product is computed: see
/// `DeviceInformation.supportsBFloat16`.
///
/// - Parameter precision: `.bfloat16`, or `.full` to leave an outer `autocast`.
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
