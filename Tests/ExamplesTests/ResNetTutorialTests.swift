import ApusData
import ApusTestSupport
import Foundation
import Testing

/// Runs the programs of the tutorial from LeNet to residual networks on small data: what they print, in the tutorial's
/// form, and what they draw.
@Suite struct ResNetTutorialTests {
    /// A number as the programs print it.
    private func number(_ text: Substring) throws -> Double { try #require(Double(text), "\(text)") }

    /// A share of `count` images, which is a whole number of them.
    private func share(_ text: Substring, of count: Int) throws -> Double {
        let share = try number(text)
        #expect((0...1).contains(share))
        let images = share * Double(count)
        #expect(abs(images - images.rounded()) < 1e-6, "\(share) is no share of \(count)")
        return share
    }

    // MARK: - LeNet5MNIST

    /// The network as the tutorial prints it.
    private static let network = """
        Sequential(
          (0): Padding()
          (1): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
          (2): Sigmoid()
          (3): AvgPool2d(kernel_size=2, stride=2, padding=0)
          (4): Conv2d(6, 16, kernel_size=(5, 5), stride=(1, 1))
          (5): Sigmoid()
          (6): AvgPool2d(kernel_size=2, stride=2, padding=0)
          (7): Flatten(start_dim=1, end_dim=-1)
          (8): Linear(in_features=400, out_features=120, bias=True)
          (9): Sigmoid()
          (10): Linear(in_features=120, out_features=84, bias=True)
          (11): Sigmoid()
          (12): Linear(in_features=84, out_features=10, bias=True)
        )

        """

    /// Images of two digits only: sigmoids need hundreds of steps to tell images apart, and a few to learn which digits
    /// there are.
    private func writeTwoDigits(to folder: TemporaryFolder) throws {
        var data = SyntheticIDX(train: 600, test: 120)
        for name in [SyntheticIDX.trainLabels, "t10k-labels-idx1-ubyte"] {
            let file = try #require(data.files[name])
            // Behind the header of eight bytes.
            data.files[name] = Array(file.prefix(8)) + file.dropFirst(8).map { $0 % 2 }
        }
        try data.write(to: folder, "mnist")
    }

    @Test func leNetOnMNIST() throws {
        let folder = try TemporaryFolder()
        try writeTwoDigits(to: folder)
        let out = folder.file("new/pictures")
        let outcome = try BuiltProgram("LeNet5MNIST").run(
            ["--epochs", "4", "--images", "500", "--out", out], environment: ["APUS_DATA": folder.path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix(Self.network), "\(outcome.output)")
        // The network, four epochs, a heading and ten rows of labels, their accuracy, the folder.
        let lines = Array(outcome.lines.dropFirst(15))
        try #require(lines.count == 4 + 11 + 2, "\(outcome.output)")

        let form = /loss ([-+.e\d]+) train data accuracy ([\d.]+) test data accuracy ([\d.]+)/
        var (losses, testAccuracy) = ([Double](), 0.0)
        for line in lines[..<4] {
            let match = try #require(line.wholeMatch(of: form), "\(line)")
            losses.append(try number(match.1))
            _ = try share(match.2, of: 500)
            testAccuracy = try share(match.3, of: 100)
        }
        // A guess among ten digits costs ln 10 ≈ 2.3, among the two that there are ln 2 ≈ 0.7.
        #expect(losses[3] < losses[0])
        #expect(losses[3] < 1.2)

        #expect(lines[4] == "labels: ")
        #expect(lines[5].hasPrefix(" tensor([[") && lines[14].hasSuffix("]])"), "\(outcome.output)")
        for line in lines[5...14] { #expect(line.firstMatch(of: /\[\d(, \d){9}\]/) != nil, "\(line)") }
        // The hundred test images are one batch, all of which is shown.
        #expect(lines[15] == "accuracy:  \(testAccuracy)")
        #expect(lines[16] == "pictures in \(out)")

        let curves = try PNG.read(path: out + "/curves.png")
        #expect(curves.width == 640 && curves.height == 440 && curves.channels == 3)
        // Blue, vermilion and green: three lines, each at least in the legend.
        for colour in [[0x00, 0x72, 0xB2], [0xD5, 0x5E, 0x00], [0x00, 0x9E, 0x73]] as [[UInt8]] {
            let pixels = stride(from: 0, to: curves.samples.count, by: 3).count {
                Array(curves.samples[$0..<$0 + 3]) == colour
            }
            #expect(pixels >= 20, "\(colour): \(pixels) pixels")
        }
        // Ten by ten cells: images of 28×28 enlarged by 4, with 24 pixels between them and 8 beside; below each 16 pixels
        // and a line of 18, or two where a prediction is wrong.
        let grid = try PNG.read(path: out + "/predictions.png")
        #expect(grid.width == 10 * (112 + 24) + 8)
        #expect(grid.height == 10 * (112 + 16 + (testAccuracy < 1 ? 36 : 18)) + 8)
        #expect(Set(grid.samples).count >= 60, "the grid is blank")
    }

    /// Charts are drawn at the end: that gnuplot is missing is said at the beginning.
    @Test func leNetNamesTheProgramThatItNeeds() throws {
        let folder = try TemporaryFolder()
        let outcome = try BuiltProgram("LeNet5MNIST").run(
            ["--out", folder.path], environment: ["PATH": folder.path, "APUS_DATA": folder.path])
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("LeNet5MNIST: gnuplot, "), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    // MARK: - ResidualShapes

    @Test func residualShapes() throws {
        let outcome = try BuiltProgram("ResidualShapes").run([])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output == """
                torch.Size([4, 3, 6, 6])
                torch.Size([4, 6, 3, 3])
                torch.Size([4, 3, 32, 32])
                torch.Size([4, 10])

                """)
    }

    // MARK: - TrashNetCIFAR10

    /// Two classes: images with more red, and with more blue. Each has a colour, rectangles and noise of its own, without
    /// which a learning rate of 0.9 is too large.
    private func writeTints(to folder: TemporaryFolder) throws {
        var random = SeededGenerator(seed: 1)
        for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
            let records = (0..<44).flatMap { tinted(UInt8($0 % 2), &random) }
            try folder.write(records, to: "cifar10/cifar-10-batches-bin/\(name)")
        }
    }

    /// A record of CIFAR-10's files: the label, and three planes of 32×32 bytes.
    private func tinted(_ label: UInt8, _ random: inout SeededGenerator) -> [UInt8] {
        let rectangles = (0..<6).map { _ in
            (
                x: random.int(0...31), y: random.int(0...31), side: random.int(4...19),
                change: [random.int(-60...59), random.int(-60...59), random.int(-60...59)]
            )
        }
        var record = [label]
        for channel in 0..<3 {
            let base = random.int(0...119) + [[60, 0, 0], [0, 0, 60]][Int(label)][channel]
            for position in 0..<1024 {
                var value = base + random.int(0...47)
                for area in rectangles
                where (area.x..<area.x + area.side).contains(position % 32)
                    && (area.y..<area.y + area.side).contains(position / 32)
                { value += area.change[channel] }
                record.append(UInt8(clamping: value))
            }
        }
        return record
    }

    private struct Epoch {
        let trainAccuracy: Double
        let testAccuracy: Double
        let trainLoss: Double
        let testLoss: Double
    }

    /// Reads the three lines of an epoch.
    private func epoch(_ lines: [String], _ number: Int, images: Int) throws -> Epoch {
        #expect(lines[0] == "start train epoch: \(number), calculate on cpu")
        #expect(lines[1] == "start test, calculate on cpu")
        let form = /第(\d+)轮 训练集正确率:([\d.]+)% 测试集的正确率:([\d.]+)% 训练集损失 ([-+.e\d]+) 测试集损失 ([-+.e\d]+)/
        let match = try #require(lines[2].wholeMatch(of: form), "\(lines[2])")
        #expect(match.1 == "\(number)")
        return Epoch(
            trainAccuracy: try share(match.2, of: images), testAccuracy: try share(match.3, of: images / 5),
            trainLoss: try self.number(match.4), testLoss: try self.number(match.5))
    }

    @Test func trashNetOnCIFAR10() throws {
        let folder = try TemporaryFolder()
        try writeTints(to: folder)
        let outcome = try BuiltProgram("TrashNetCIFAR10").run(
            ["--epochs", "4", "--images", "200"], environment: ["APUS_DATA": folder.path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.lines
        try #require(lines.count == 1 + 4 * 3 + 1, "\(outcome.output)")
        #expect(
            lines[0] == "test images normalised like the training images, training accuracy before each update")
        let epochs = try (0..<4).map { index in
            try epoch(Array(lines[(index * 3 + 1)...(index * 3 + 3)]), index + 1, images: 200)
        }
        #expect(epochs[3].trainLoss < epochs[0].trainLoss, "\(outcome.output)")
        // Half of the guesses are right.
        #expect(epochs[3].trainAccuracy > 0.7, "\(outcome.output)")
        let accuracies = epochs.map(\.testAccuracy)
        let best = try #require(accuracies.max())
        let number = try #require(accuracies.firstIndex(of: best)) + 1
        #expect(lines[13] == "best test accuracy \(best) in epoch \(number)")
    }

    /// The tutorial's numbers, with the others below.
    @Test func trashNetTheTutorialsWay() throws {
        let folder = try TemporaryFolder()
        try writeTints(to: folder)
        let outcome = try BuiltProgram("TrashNetCIFAR10").run(
            ["--tutorial", "--epochs", "2", "--images", "100"], environment: ["APUS_DATA": folder.path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.lines
        try #require(lines.count == 1 + 2 * 4 + 1, "\(outcome.output)")
        #expect(lines[0] == "the tutorial's way: test images not normalised, training accuracy after each update")
        let form =
            /\s+training accuracy before the update ([\d.]+), normalised test images: accuracy ([\d.]+), loss (.+)/
        for index in 0..<2 {
            let epoch = try epoch(Array(lines[(index * 4 + 1)...(index * 4 + 3)]), index + 1, images: 100)
            let match = try #require(lines[index * 4 + 4].wholeMatch(of: form), "\(lines[index * 4 + 4])")
            _ = try share(match.1, of: 100)
            _ = try share(match.2, of: 20)
            // Other pixels, another loss.
            #expect(try self.number(match.3) != epoch.testLoss)
        }
    }

    // MARK: - Arguments

    @Test(arguments: [
        ["--epochs"], ["--epochs", "0"], ["--epochs", "two"], ["--images", "4"], ["--seed", "-1"], ["--size", "3"],
        ["3"],
    ])
    func wrongArguments(_ arguments: [String]) throws {
        for name in ["LeNet5MNIST", "TrashNetCIFAR10"] {
            let outcome = try BuiltProgram(name).run(arguments)
            #expect(outcome.status == 64)
            #expect(outcome.errors.hasPrefix("usage: \(name) [--epochs N] [--images N]"), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }
}
