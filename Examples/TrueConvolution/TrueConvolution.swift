// Tutorial 1, 5.1.5: the convolution of mathematics is the cross-correlation with the kernel turned by half a circle.
import Apus
import CrossCorrelation

/// The convolution: the kernel is flipped from left to right and from top to bottom.
func conv2d(_ x: Tensor, _ kernel: Tensor) -> Tensor { corr2d(x, kernel.flip(0, 1)) }

@main
struct TrueConvolution {
    static func main() {
        let x = Tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
        let kernel = Tensor([[0, 1], [2, 3]])
        print("cross-correlation:")
        print(corr2d(x, kernel))
        print("convolution:")
        print(conv2d(x, kernel))

        // A kernel that was learned for one of the two serves the other, flipped.
        let same = (conv2d(x, kernel.flip(0, 1)) .== corr2d(x, kernel)).all()
        print("convolution with the flipped kernel equals cross-correlation:", same.item(as: Bool.self))
    }
}
