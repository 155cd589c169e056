// Tutorial 2, LeNet: the network with a layer of one's own, trained on MNIST by a loop written by hand; the curves of loss
// and accuracy, and what the network takes a hundred test images for. (`ShowMNIST` is the tutorial's first part.)
//
//     LeNet5MNIST --out pictures
import Apus
import Foundation

/// Whatever comes in becomes a batch of gray images of 28×28.
final class Padding: Module {
    override func forward(_ x: Tensor) -> Tensor { x.view(-1, 1, 28, 28) }
}

/// Xavier-uniform weights for the layers of two types. With PyTorch's default weights, most of which are smaller, the
/// accuracy never leaves 0.10 here.
func initWeights(_ module: Module) {
    switch module {
    case let linear as Linear: Initializer.xavierUniform(linear.weight)
    case let convolution as Conv2d: Initializer.xavierUniform(convolution.weight)
    default: break
    }
}

/// How many predictions are right: classes, or the largest number of each row.
func correctCount(_ prediction: Tensor, _ labels: Tensor) -> Tensor {
    let classes = prediction.rank > 1 && prediction.shape[1] > 1 ? prediction.argmax(dim: 1) : prediction
    return (classes .== labels).sum()
}

/// The mean loss and the share of images that the network classifies correctly.
func measure(_ net: Module, _ batches: DataLoader) throws -> (loss: Double, accuracy: Double) {
    var (lossSum, correct, count) = (0.0, 0, 0)
    // The tutorial records gradients here too, which nobody uses.
    noGrad {
        for (images, labels) in batches {
            let logits = net(images)
            let loss = crossEntropy(logits, labels)
            let hits = correctCount(logits, labels)
            // A last, smaller batch counts less.
            lossSum += loss.item(as: Double.self) * Double(labels.count)
            correct += hits.item(as: Int.self)
            count += labels.count
        }
    }
    try batches.check()
    return (lossSum / Double(count), Double(correct) / Double(count))
}

/// Draws the test images of a batch with what the network takes them for, ten in a row; prints the predicted labels and
/// how many of them are right.
func showPredictions(_ net: Module, _ batches: DataLoader, to path: String) throws {
    for (images, labels) in batches {
        let rows = images.shape[0] / 10
        let predicted = noGrad { net(images).argmax(dim: 1) }
        let (names, truth) = (predicted.array(as: Int.self), labels.array(as: Int.self))
        let entries = try (0..<rows * 10).map { index in
            PredictionGrid.Entry(
                try Image(images[index]), predicted: "\(names[index])", actual: "\(truth[index])")
        }
        try PNG.write(PredictionGrid(entries, columns: 10).image(), to: path)
        print("labels: \n", predicted[0..<rows * 10].reshape(rows, 10))
        print("accuracy: ", correctCount(predicted, labels).item(as: Double.self) / Double(labels.count))
        break
    }
    try batches.check()
}

/// The first `count` images of a data set; all where none is given.
func first(_ count: Int?, of dataset: any Dataset) -> any Dataset {
    guard let count else { return dataset }
    return Subset(dataset, Array(0..<min(count, dataset.count)))
}

/// What the arguments say.
struct Options {
    static let usage = """
        usage: LeNet5MNIST [--epochs N] [--images N] [--seed N] [--out FOLDER]
        --images N takes the first N training images, at least 50, and the first N / 5 test images.
        """

    var epochs = 16
    var images: Int?
    var seed: UInt64 = 0
    var out = "pictures"

    /// Reads options, each with its value; nil where there is another one, or not the number that it takes.
    init?(_ arguments: ArraySlice<String>) {
        var words = arguments.makeIterator()
        while let option = words.next() {
            guard let value = words.next() else { return nil }
            switch (option, Int(value)) {
            case ("--epochs", let number?) where number > 0: epochs = number
            // A fifth of them fills a row of the grid.
            case ("--images", let number?) where number >= 50: images = number
            case ("--seed", let number?) where number >= 0: seed = UInt64(number)
            case ("--out", _): out = value
            default: return nil
            }
        }
    }
}

@main
struct LeNet5MNIST {
    static func main() {
        guard let options = Options(CommandLine.arguments.dropFirst()) else { fail(Options.usage, status: 64) }
        do {
            try run(options)
        } catch {
            fail("LeNet5MNIST: \(error)", status: 1)
        }
    }

    static func run(_ options: Options) throws {
        // The folder and gnuplot are needed at the end, when it would be late to learn that they are missing.
        do {
            try FileManager.default.createDirectory(atPath: options.out, withIntermediateDirectories: true)
        } catch {
            fail("LeNet5MNIST: \(options.out): \(error.localizedDescription)", status: 1)
        }
        _ = try Gnuplot()
        let trainBatches = DataLoader(
            first(options.images, of: try MNIST(.train)), batchSize: 100, shuffle: true, seed: options.seed)
        let testBatches = DataLoader(
            first(options.images.map { $0 / 5 }, of: try MNIST(.test)), batchSize: 100, shuffle: true,
            seed: options.seed)

        manualSeed(options.seed)
        let net = Sequential(
            Padding(), Conv2d(1, 6, kernelSize: 5, padding: 2), Sigmoid(),  // sigmoids, as in those days
            AvgPool2d(2, stride: 2),
            Conv2d(6, 16, kernelSize: 5), Sigmoid(),
            AvgPool2d(2, stride: 2), Flatten(),
            Linear(16 * 5 * 5, 120), Sigmoid(),
            Linear(120, 84), Sigmoid(),
            Linear(84, 10)
        ).to(.best)
        net.apply(initWeights)
        print(net)

        let optimizer = SGD(net.parameters(), lr: 0.5)
        var (trainLoss, trainAccuracy, testAccuracy): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 1...options.epochs {
            net.train()
            for (images, labels) in trainBatches {
                let loss = crossEntropy(net(images), labels)
                optimizer.zeroGrad()
                loss.backward()
                optimizer.step()
            }
            try trainBatches.check()

            // A second pass over the training data: the network as it is at the end of the epoch, on all of them.
            net.eval()
            let train = try measure(net, trainBatches)
            let test = try measure(net, testBatches)
            print("loss \(train.loss) train data accuracy \(train.accuracy) test data accuracy \(test.accuracy)")
            trainLoss.append(train.loss)
            trainAccuracy.append(train.accuracy)
            testAccuracy.append(test.accuracy)
        }

        let epochs = (1...options.epochs).map { Double($0) }
        let chart = LineChart(
            title: "LeNet on MNIST", xLabel: "epochs",
            series: [
                .init("train loss", x: epochs, y: trainLoss), .init("train accuracy", x: epochs, y: trainAccuracy),
                .init("test accuracy", x: epochs, y: testAccuracy),
            ], countsX: true)
        try ChartSheet([chart]).write(to: options.out + "/curves.png")
        try showPredictions(net, testBatches, to: options.out + "/predictions.png")
        print("pictures in \(options.out)")
    }

    static func fail(_ message: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        exit(status)
    }
}
