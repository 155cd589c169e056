// Tutorial 1, 5.1.1: the two-dimensional cross-correlation, written by hand.
import Apus

/// The two-dimensional cross-correlation of an array with a kernel: [H, W] with [h, w] → [H − h + 1, W − w + 1].
func corr2d(_ x: Tensor, _ kernel: Tensor) -> Tensor {
    let (h, w) = (kernel.shape[0], kernel.shape[1])
    var y = Tensor.zeros(x.shape[0] - h + 1, x.shape[1] - w + 1)
    for i in 0..<y.shape[0] {
        for j in 0..<y.shape[1] {
            y[i, j] = (x[i..<i + h, j..<j + w] * kernel).sum()
        }
    }
    return y
}

@main
struct Corr2d {
    static func main() {
        let x = Tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
        let kernel = Tensor([[0, 1], [2, 3]])
        print(corr2d(x, kernel))
    }
}
