// Tutorial 4: the sizes that convolutions and poolings make, by the formula and as a network prints them, and the network
// trained on MNIST. `--depth 2` takes the text's first network, of two stages; 4, the default, the second.
import Apus
import Foundation

/// The sizes of one stage: a convolution of 5×5 with two zeros on each side, which keeps the size, and a pooling of 2×2,
/// which halves it.
struct Stage {
    let inChannels: Int
    let outChannels: Int
    let size: Int

    /// W(out) = [W(in) + 2p − F] / S + 1 with p = 2, F = 5, S = 1.
    var convolved: Int { (size + 2 * 2 - 5) / 1 + 1 }
    /// The same with p = 0, F = 2, S = 2, rounded down: what a last, odd row or column holds is lost.
    var pooled: Int { (convolved + 2 * 0 - 2) / 2 + 1 }

    /// The first `depth` stages for an image of 28×28.
    static func first(_ depth: Int) -> [Stage] {
        let widths = [1, 16, 32, 64, 128]
        var stages: [Stage] = []
        for index in 0..<depth {
            stages.append(
                Stage(
                    inChannels: widths[index], outChannels: widths[index + 1], size: stages.last?.pooled ?? 28))
        }
        return stages
    }

    /// The formula with the stage's numbers.
    var explanation: String {
        "[\(size) + 2·2 − 5] / 1 + 1 = \(convolved), pooled [\(convolved) + 2·0 − 2] / 2 + 1 = \(pooled): "
            + "\(outChannels)×\(pooled)×\(pooled)"
    }
}

/// The tutorial's network: stages and a linear layer for the ten digits.
final class CNN: Module {
    let conv: [Sequential]
    let fc: Linear
    /// Whether ``forward(_:)`` prints the shape behind each stage, as the tutorial's does for each batch.
    var printsShapes = true

    init(_ stages: [Stage]) {
        conv = stages.enumerated().map { index, stage in
            let convolution = Conv2d(stage.inChannels, stage.outChannels, kernelSize: 5, stride: 1, padding: 2)
            // All stages but the first are normalised.
            return index == 0
                ? Sequential(convolution, ReLU(), MaxPool2d(2))
                : Sequential(convolution, BatchNorm2d(stage.outChannels), ReLU(), MaxPool2d(2))
        }
        fc = Linear(stages.last.map { $0.pooled * $0.pooled * $0.outChannels } ?? 28 * 28, 10)
        super.init()
    }

    override func forward(_ x: Tensor) -> Tensor {
        var out = x
        for stage in conv {
            out = stage(out)
            if printsShapes { print(out.shape) }
        }
        out = out.view(out.shape[0], -1)
        return fc(out)
    }
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

/// The first `count` images of a data set; all where none is given.
func first(_ count: Int?, of dataset: any Dataset) -> any Dataset {
    guard let count else { return dataset }
    return Subset(dataset, Array(0..<min(count, dataset.count)))
}

/// What the arguments say.
struct Options {
    static let usage = """
        usage: CNNShapes [--depth 2|4] [--epochs N] [--images N] [--seed N]
        --images N takes the first N training images, at least 5, and the first N / 5 test images.
        """

    var depth = 4
    var epochs = 5
    var images: Int?
    var seed: UInt64 = 0

    /// Reads options, each with its number; nil where there is another one, or not the number that it takes.
    init?(_ arguments: ArraySlice<String>) {
        var words = arguments.makeIterator()
        while let option = words.next() {
            guard let number = words.next().flatMap({ Int($0) }) else { return nil }
            switch option {
            case "--depth" where number == 2 || number == 4: depth = number
            case "--epochs" where number > 0: epochs = number
            case "--images" where number >= 5: images = number
            case "--seed" where number >= 0: seed = UInt64(number)
            default: return nil
            }
        }
    }
}

@main
struct CNNShapes {
    static func main() {
        guard let options = Options(CommandLine.arguments.dropFirst()) else { fail(Options.usage, status: 64) }
        do {
            try run(options)
        } catch {
            fail("CNNShapes: \(error)", status: 1)
        }
    }

    static func run(_ options: Options) throws {
        let trainBatches = DataLoader(
            first(options.images, of: try MNIST(.train)), batchSize: 100, shuffle: true, seed: options.seed)
        let testBatches = DataLoader(
            first(options.images.map { $0 / 5 }, of: try MNIST(.test)), batchSize: 100)

        let stages = Stage.first(options.depth)
        print("W(out) = [W(in) + 2p − F] / S + 1, rounded down; the text's 28+22-5 means 28 + 2·2 − 5")
        for (index, stage) in stages.enumerated() { print("stage \(index + 1): \(stage.explanation)") }

        manualSeed(options.seed)
        let cnn = CNN(stages).to(.best)
        let optimizer = Adam(cnn.parameters(), lr: 0.001)
        let batchCount = trainBatches.batchCount
        for epoch in 1...options.epochs {
            for (step, (images, labels)) in zip(1..., trainBatches) {
                let loss = crossEntropy(cnn(images), labels)
                // Once is enough to see the shapes.
                cnn.printsShapes = false
                optimizer.zeroGrad()
                loss.backward()
                optimizer.step()
                // The last one too, so that a short epoch has a line.
                if step % 100 == 0 || step == batchCount {
                    print(
                        String(
                            format: "Epoch [%d/%d], Iter [%d/%d] Loss: %.4f", epoch, options.epochs, step, batchCount,
                            loss.item()))
                }
            }
            try trainBatches.check()
        }
        // The text ends with the losses; this is what the network is worth.
        print("test accuracy: \(try evaluateAccuracy(testBatches, cnn))")
    }

    static func fail(_ message: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        exit(status)
    }
}
