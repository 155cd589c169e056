// Tutorial 1, 5.1.1: what the programs about convolution share.
import Apus

/// The two-dimensional cross-correlation of an array with a kernel, written by hand: [H, W] with [h, w] →
/// [H − h + 1, W − w + 1].
///
/// y[i, j] is the sum of x[i + a, j + b] · kernel[a, b] over all a < h and b < w: no padding, and steps of one. The
/// kernel must not be larger than the array.
public func corr2d(_ x: Tensor, _ kernel: Tensor) -> Tensor {
    let (h, w) = (kernel.shape[0], kernel.shape[1])
    var y = Tensor.zeros(x.shape[0] - h + 1, x.shape[1] - w + 1)
    for i in 0..<y.shape[0] {
        for j in 0..<y.shape[1] {
            y[i, j] = (x[i..<i + h, j..<j + w] * kernel).sum()
        }
    }
    return y
}
