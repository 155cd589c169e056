// Tutorial 3, 1, 3 and 4: the sizes of a convolution with pairs of arguments, the divisor of average pooling, and
// max-unpooling, which puts numbers back where a pooling found its largest.
import Apus

@main
struct PoolAndUnpool {
    static func main() {
        manualSeed(5)

        // One number stands for height and width; of two the first is that of the height: here height 3, width 5, steps of
        // 2 down and 1 to the right, 4 rows and 2 columns of zeros on each side.
        let image = Tensor.randn(20, 16, 50, 100)
        for convolution in [
            Conv2d(16, 33, kernelSize: 3, stride: 2),
            Conv2d(16, 33, kernelSize: [3, 5], stride: [2, 1], padding: [4, 2]),
        ] {
            print(convolution)
            print(image.shape, "→", convolution(image).shape)
        }

        // 4 / 3 instead of 4 / 4.
        let ones = Tensor.ones(1, 1, 4, 4)
        let averages = AvgPool2d([2, 2], stride: [2, 2], divisorOverride: 3)(ones)
        print("raw_img:\n\(ones)\npooling_img:\n\(averages)")

        // A pooling and the way back: all but the largest is lost.
        let raw = Tensor.randint(0, 5, [1, 1, 4, 4]).cast(to: .float32)
        let (pooled, indices) = MaxPool2d([2, 2], stride: [2, 2], returnIndices: true).withIndices(raw)
        let unpool = MaxUnpool2d([2, 2], stride: [2, 2])
        print("raw_img:\n\(raw)\nimg_pool:\n\(pooled)")
        print("img_pool:\n\(pooled)\nimg_unpool:\n\(unpool(pooled, indices: indices))")

        // In a network other layers come between: other numbers go back to the same places.
        let reconstructed = Tensor.randn(pooled.shape)
        print("raw_img:\n\(raw)\nimg_pool:\n\(pooled)")
        print("img_reconstruct:\n\(reconstructed)\nimg_unpool:\n\(unpool(reconstructed, indices: indices))")
    }
}
