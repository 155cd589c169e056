// Tutorial 3, 5: a linear layer from 3 to 4 features with assigned weights: y = x · Wᵀ + b.
import Apus

@main
struct LinearLayer {
    static func main() {
        let inputs = Tensor([[1, 2, 3]] as [[Float]])
        let linear = Linear(3, 4)
        linear.weight.data = Tensor([[1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4]] as [[Float]])
        linear.bias?.data.fill(0.5)
        let output = linear(inputs)
        print(inputs, inputs.shape)
        print(linear.weight.data, linear.weight.data.shape)
        print(output, output.shape)
    }
}
