// Tutorial 2, CIFAR-10: a small residual network, trained by a loop written by hand. Two things of the tutorial mislead;
// `--tutorial` does them as the tutorial does, and shows beside them what the numbers are otherwise:
//
// 1. It normalises the training images to −1 … 1 but leaves the test images at 0 … 1. The network meets other numbers than
//    it has learnt from, and the test accuracy goes up and down between 0.4 and 0.6; normalised alike, the same network
//    has about 0.75.
// 2. It counts the training accuracy by a second forward pass over each batch, right after the update that the batch
//    itself has made, and with the batch's own statistics in the batch norms: an answer that was just told. The logits
//    that the loss is computed from are there before the update, and counting them costs nothing.
//
// The loss and accuracy of the tutorial's first line, 0.26 and 0.99, are not those of a first epoch either: an untrained
// network of ten classes has a loss of ln 10 ≈ 2.3. Its network had been trained before.
import Apus
import Foundation

let normalize = Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])

/// Some augmentation against overfitting; pixels from −1 to 1.
let trainTransform = Compose([RandomHorizontalFlip(), RandomGrayscale(p: 0.1), ToTensor(), normalize])

/// How many of the largest logits are those of the labels.
func correctCount(_ logits: Tensor, _ labels: Tensor) -> Tensor { (logits.argmax(dim: 1) .== labels).sum() }

/// The mean loss and the share of images that the network classifies correctly, in evaluation mode.
func measure(_ net: Module, _ batches: DataLoader) throws -> (loss: Double, accuracy: Double) {
    net.eval()
    defer { net.train() }
    var (lossSum, correct, count) = (0.0, 0, 0)
    noGrad {
        for (images, labels) in batches {
            let logits = net(images)
            let loss = crossEntropy(logits, labels)
            let hits = correctCount(logits, labels)
            lossSum += loss.item(as: Double.self) * Double(labels.count)
            correct += hits.item(as: Int.self)
            count += labels.count
        }
    }
    try batches.check()
    return (lossSum / Double(count), Double(correct) / Double(count))
}

/// The first `count` images of a data set; all where none is given.
func first(_ count: Int?, of dataset: any Dataset) -> any Dataset {
    guard let count else { return dataset }
    return Subset(dataset, Array(0..<min(count, dataset.count)))
}

/// What the arguments say.
struct Options {
    static let usage = """
        usage: TrashNetCIFAR10 [--epochs N] [--images N] [--tutorial] [--seed N]
        --images N takes the first N training images, at least 5, and the first N / 5 test images.
        """

    var epochs = 10
    var images: Int?
    var isTutorial = false
    var seed: UInt64 = 0

    /// Reads the options; nil where there is another one, or not the number that it takes.
    init?(_ arguments: ArraySlice<String>) {
        var words = arguments.makeIterator()
        while let option = words.next() {
            guard option != "--tutorial" else {
                isTutorial = true
                continue
            }
            guard let number = words.next().flatMap({ Int($0) }) else { return nil }
            switch option {
            case "--epochs" where number > 0: epochs = number
            case "--images" where number >= 5: images = number
            case "--seed" where number >= 0: seed = UInt64(number)
            default: return nil
            }
        }
    }
}

@main
struct TrashNetCIFAR10 {
    static func main() {
        guard let options = Options(CommandLine.arguments.dropFirst()) else { fail(Options.usage, status: 64) }
        do {
            try run(options)
        } catch {
            fail("TrashNetCIFAR10: \(error)", status: 1)
        }
    }

    static func run(_ options: Options) throws {
        let trainBatches = DataLoader(
            try first(options.images, of: try CIFAR10(.train)).transformed(trainTransform), batchSize: 100,
            shuffle: true, seed: options.seed)
        let testSet = first(options.images.map { $0 / 5 }, of: try CIFAR10(.test))
        let testBatches = DataLoader(
            try testSet.transformed(Compose([ToTensor(), normalize])), batchSize: 100)
        let unnormalizedBatches = DataLoader(try testSet.transformed(ToTensor()), batchSize: 100)
        print(
            options.isTutorial
                ? "the tutorial's way: test images not normalised, training accuracy after each update"
                : "test images normalised like the training images, training accuracy before each update")

        manualSeed(options.seed)
        let net = TrashNet().to(.best)
        let optimizer = SGD(net.parameters(), lr: 0.9)
        var best = (accuracy: 0.0, epoch: 1)
        for epoch in 1...options.epochs {
            net.train()
            print("start train epoch: \(epoch), calculate on \(Device.best)")
            var (lossSum, correctBefore, correctAfter, count) = (0.0, 0, 0, 0)
            for (images, labels) in trainBatches {
                let logits = net(images)
                let loss = crossEntropy(logits, labels)
                let hits = correctCount(logits, labels)
                optimizer.zeroGrad()
                loss.backward()
                optimizer.step()
                lossSum += loss.item(as: Double.self) * Double(labels.count)
                correctBefore += hits.item(as: Int.self)
                if options.isTutorial {
                    // Still in training mode: the running statistics of the batch norms move a second time.
                    correctAfter += noGrad { correctCount(net(images), labels) }.item(as: Int.self)
                }
                count += labels.count
            }
            try trainBatches.check()
            let (before, after) = (Double(correctBefore) / Double(count), Double(correctAfter) / Double(count))

            print("start test, calculate on \(Device.best)")
            let normalized = try measure(net, testBatches)
            let test = options.isTutorial ? try measure(net, unnormalizedBatches) : normalized
            // In the tutorial's form, whose numbers before % are shares of 1. It adds the shares of the batches, divides
            // by the number of images and multiplies by 100, which is their mean for batches of 100 and for no others.
            print(
                "第\(epoch)轮 训练集正确率:\(options.isTutorial ? after : before)% 测试集的正确率:\(test.accuracy)% "
                    + "训练集损失 \(lossSum / Double(count)) 测试集损失 \(test.loss)")
            if options.isTutorial {
                print(
                    "  training accuracy before the update \(before), normalised test images: "
                        + "accuracy \(normalized.accuracy), loss \(normalized.loss)")
            }
            if test.accuracy > best.accuracy { best = (test.accuracy, epoch) }
        }
        print("best test accuracy \(best.accuracy) in epoch \(best.epoch)")
    }

    static func fail(_ message: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        exit(status)
    }
}
