// Tutorial 1, 5.5: LeNet, written and trained on Fashion-MNIST as a user would. `--epochs N` trains for N epochs.
import Apus
import Foundation

final class LeNet: Module {
    let conv = Sequential(
        Conv2d(1, 6, kernelSize: 5), Sigmoid(), MaxPool2d(2, stride: 2),
        Conv2d(6, 16, kernelSize: 5), Sigmoid(), MaxPool2d(2, stride: 2))
    let fc = Sequential(Linear(16 * 4 * 4, 120), Sigmoid(), Linear(120, 84), Sigmoid(), Linear(84, 10))

    override func forward(_ image: Tensor) -> Tensor { fc(conv(image).flatten(from: 1)) }
}

/// The share of images that the network classifies correctly.
func evaluateAccuracy(_ batches: DataLoader, _ net: Module) throws -> Double {
    net.eval()
    defer { net.train() }
    var (correct, count) = (0, 0)
    noGrad {
        for (images, labels) in batches {
            correct += (net(images).argmax(dim: 1) .== labels).sum().item(as: Int.self)
            count += labels.count
        }
    }
    try batches.check()
    return Double(correct) / Double(count)
}

@main
struct LeNetFashionMNIST {
    static func main() throws {
        let epochs = CommandLine.arguments.last.flatMap { Int($0) } ?? 5
        let trainBatches = DataLoader(try FashionMNIST(.train), batchSize: 256, shuffle: true)
        let testBatches = DataLoader(try FashionMNIST(.test), batchSize: 256)

        manualSeed(0)
        let net = LeNet().to(.best)
        print(net)
        print("training on ", Device.best)
        let optimizer = Adam(net.parameters(), lr: 0.001)
        for epoch in 1...epochs {
            let start = Date()
            var (lossSum, batchCount, correct, count) = (0.0, 0, 0, 0)
            for (images, labels) in trainBatches {
                let logits = net(images)
                let loss = crossEntropy(logits, labels)
                let hits = (logits.argmax(dim: 1) .== labels).sum()
                optimizer.zeroGrad()
                loss.backward()
                optimizer.step()
                lossSum += loss.item()
                correct += hits.item(as: Int.self)
                batchCount += 1
                count += labels.count
            }
            try trainBatches.check()
            let testAccuracy = try evaluateAccuracy(testBatches, net)
            print(
                String(
                    format: "epoch %d, loss %.4f, train acc %.3f, test acc %.3f, time %.1f sec", epoch,
                    lossSum / Double(batchCount), Double(correct) / Double(count), testAccuracy,
                    Date().timeIntervalSince(start)))
        }
    }
}
