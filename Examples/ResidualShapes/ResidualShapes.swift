// Tutorial 2, residual networks: the shapes that a residual block makes, and those of the network built of two of them.
import Apus

@main
struct ResidualShapes {
    static func main() {
        manualSeed(0)
        let x = Tensor.rand(4, 3, 6, 6)

        // As many channels as before: the input itself is added to the result.
        let block1 = Residual(3, 3)
        print(block1(x).shape)

        // Twice the channels, half the height and width: a 1×1 convolution gives the input the shape of the result.
        let block2 = Residual(3, 6, use1x1Conv: true, strides: 2)
        print(block2(x).shape)

        // Images of CIFAR-10 become a number for each of ten classes.
        let images = Tensor.rand(4, 3, 32, 32)
        print(images.shape)
        print(TrashNet()(images).shape)
    }
}
