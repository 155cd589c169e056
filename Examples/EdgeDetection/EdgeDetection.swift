// Tutorial 1, 5.1.2: finding the edges in an image, the places where neighbouring pixels differ.
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
struct EdgeDetection {
    static func main() {
        // White, with a black band in the middle.
        var x = Tensor.ones(6, 8)
        x[0..., 2..<6] = 0
        print(x)

        // 1 where white turns to black, −1 where black turns to white, 0 elsewhere.
        let kernel = Tensor([[1, -1]])
        print(corr2d(x, kernel))
    }
}
