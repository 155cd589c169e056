/// How many bits the factors of products keep, in convolutions and matrix products of `float32`.
public enum Precision: String, Sendable, Hashable, CaseIterable {
    /// All of them.
    case full
    /// 10 bits of the mantissa and all of the exponent (TF32), on GPUs of compute capability 8.0 and later; sums are
    /// `float32`. It is a permission: other GPUs, CPUs, and what a library has no such kernel for compute in full.
    case tensorFloat32
    /// Those of `bfloat16`: 7 bits of the mantissa behind the point, and the exponents of `float32`. Sums are `float32`.
    case bfloat16
    /// Those of `float16`: 10 bits of the mantissa behind the point, and magnitudes from 6·10⁻⁸ to 65504; larger ones
    /// become infinite. Sums are `float32`. GPUs only; gradients need a loss scaler (`GradScaler`).
    case float16

    /// What convolutions and matrix products take that are recorded now; see ``autocast(_:_:)``.
    @TaskLocal public static var current = Precision.full

    /// Whether every device rounds the factors to numbers of 16 bits.
    public var isHalf: Bool { self == .bfloat16 || self == .float16 }
}

/// Runs `body` with convolutions and matrix products of a lower precision (`torch.autocast`).
///
///     let loss = autocast(.bfloat16) { crossEntropy(net(images), labels) }
///     loss.backward()
///
/// The factors of a product are rounded to the precision, to nearest, and multiplied by instructions for it, which do two
/// to sixteen times as many products; sums are `float32`. The gradients of what is recorded here are computed alike,
/// wherever `backward()` is called. Parameters and matrix products stay `float32`. Products that a device has no such
/// kernel for (with groups, or of `float64`) are computed in full.
///
/// - `.tensorFloat32` changes nothing but the factors, and only on GPUs whose tensor cores know it. The environment
///   variable `APUS_TF32=1` does the same for all products of `.full` on a GPU
///   (`torch.backends.cudnn.allow_tf32` and `torch.backends.cuda.matmul.allow_tf32`, both off unless it is set).
/// - `.bfloat16` needs no loss scaling. On a CPU the results of convolutions stay `float32`, too: other than PyTorch's,
///   they are not rounded.
/// - `.float16` is for GPUs alone. Small gradients vanish in it and large ones become infinite, so that losses are scaled:
///   see `GradScaler`.
///
/// With the latter two the results of convolutions over images are rounded on a GPU, as in PyTorch, and so are their
/// gradients by the images and by the weight, which then is `float32` again. Normalisation, pooling and elementwise
/// functions that read such results compute in `float32`. They round theirs, too; elementwise functions do so only where no
/// other steps than these read them. To the program all of them are tensors of `float32`. Convolutions along one or three
/// dimensions, depthwise ones, those whose paddings before and after differ, and what cuDNN has no kernel for are computed
/// in full.
///
/// A processor without instructions for `bfloat16` is an error when such a product is computed: see
/// `DeviceInformation.supportsBFloat16`. So is a GPU of a compute capability below 8.0 for `bfloat16`, and any CPU for
/// `float16`.
///
/// - Parameters:
///   - precision: `.tensorFloat32`, `.bfloat16` or `.float16`, or `.full` to leave an outer `autocast`.
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
    func describe(_ name: String) -> String { self == .full ? name : "\(rawValue) \(name)" }
}
