import Apus

/// Tutorial 2's residual network for CIFAR-10.
final class TrashNet: Module {
    final class Residual: Module {
        let conv1: Conv2d
        let bn1: BatchNorm2d
        let conv2: Conv2d
        let bn2: BatchNorm2d
        let conv3: Conv2d?

        init(_ input: Int, _ output: Int, stride: Int) {
            conv1 = Conv2d(input, output, kernelSize: 3, stride: stride, padding: 1)
            bn1 = BatchNorm2d(output)
            conv2 = Conv2d(output, output, kernelSize: 3, padding: 1)
            bn2 = BatchNorm2d(output)
            conv3 = input == output ? nil : Conv2d(input, output, kernelSize: 1, stride: stride)
        }

        override func forward(_ x: Tensor) -> Tensor {
            let y = bn2(conv2(bn1(conv1(x)).relu()))
            return (y + (conv3?(x) ?? x)).relu()
        }
    }

    let conv1 = Conv2d(3, 32, kernelSize: 3, padding: 1)
    let bn1 = BatchNorm2d(32)
    let mp = MaxPool2d(3, stride: 1, padding: 1)
    let res1 = Residual(32, 64, stride: 2)
    let res2 = Residual(64, 64, stride: 1)
    let ap = AdaptiveAvgPool2d(1)
    let linarg = Linear(64, 10)

    override func forward(_ x: Tensor) -> Tensor {
        linarg(ap(res2(res1(mp(bn1(conv1(x)).relu())))).flatten(from: 1))
    }
}
