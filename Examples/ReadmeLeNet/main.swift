import Apus

final class LeNet: Module {
    let conv = Sequential(
        Conv2d(1, 6, kernelSize: 5), Sigmoid(), MaxPool2d(2),
        Conv2d(6, 16, kernelSize: 5), Sigmoid(), MaxPool2d(2))
    let fc = Sequential(Linear(256, 120), Sigmoid(), Linear(120, 84), Sigmoid(), Linear(84, 10))
    override func forward(_ image: Tensor) -> Tensor { fc(conv(image).flatten(from: 1)) }
}

let net = LeNet().to(.best)
let optimizer = Adam(net.parameters(), lr: 0.001)
for (images, labels) in DataLoader(try FashionMNIST(.train), batchSize: 256, shuffle: true) {
    let loss = crossEntropy(net(images), labels)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()  // here the whole step runs, as one plan
}
print(net)  // the same text as PyTorch prints
