import ApusTestSupport
import Testing

/// Runs the tutorial's programs and compares what they print.
@Suite struct ExamplesTests {
    @Test func corr2d() throws {
        let outcome = try BuiltProgram("Corr2d").run([])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output == """
                tensor([[19., 25.],
                        [37., 43.]])

                """)
    }

    @Test func edgeDetection() throws {
        let outcome = try BuiltProgram("EdgeDetection").run([])
        #expect(outcome.status == 0, "\(outcome.errors)")
        // The two arrays as the tutorial shows them.
        let x = [String](repeating: "[1., 1., 0., 0., 0., 0., 1., 1.]", count: 6)
        let y = [String](repeating: "[ 0.,  1.,  0.,  0.,  0., -1.,  0.]", count: 6)
        let text = [x, y].map { "tensor([" + $0.joined(separator: ",\n        ") + "])\n" }.joined()
        #expect(outcome.output == text)
    }

    @Test func learnKernel() throws {
        let outcome = try BuiltProgram("LearnKernel").run([])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.lines
        try #require(lines.count == 6)
        let losses = try [5, 10, 15, 20].enumerated().map { index, step in
            let match = try #require(lines[index].wholeMatch(of: /Step (\d+), loss (\d+\.\d{3})/))
            #expect(match.1 == "\(step)")
            return try #require(Double(match.2))
        }
        // The tutorial's fall from 1.844 to 0.003; losses are printed to three digits.
        #expect(losses[0] > 1)
        #expect(losses[3] <= losses[0] / 100)
        #expect(losses == losses.sorted(by: >))
        let weight = try #require(lines[4].wholeMatch(of: /weight:  tensor\(\[\[ (\d\.\d{4}), (-\d\.\d{4})\]\]\)/))
        let (left, right) = (try #require(Double(weight.1)), try #require(Double(weight.2)))
        #expect(abs(left - 1) < 0.05)
        #expect(abs(right + 1) < 0.05)
        #expect(lines[5].wholeMatch(of: /bias:  tensor\(\[-?0\.0\d{3}\]\)/) != nil, "\(lines[5])")
    }

    @Test func trueConvolution() throws {
        let outcome = try BuiltProgram("TrueConvolution").run([])
        #expect(outcome.status == 0, "\(outcome.errors)")
        // By hand: 0·3 + 1·2 + 3·1 + 4·0 = 5, and so on.
        #expect(
            outcome.output == """
                cross-correlation:
                tensor([[19., 25.],
                        [37., 43.]])
                convolution:
                tensor([[ 5., 11.],
                        [23., 29.]])
                convolution with the flipped kernel equals cross-correlation: true

                """)
    }

    @Test func leNetOnFashionMNIST() throws {
        let folder = try TemporaryFolder()
        try SyntheticIDX(train: 600, test: 100).write(to: folder, "fashion-mnist")
        let outcome = try BuiltProgram("LeNetFashionMNIST").run(
            ["--epochs", "2"], environment: ["APUS_DATA": folder.path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.lines
        try #require(lines.count == 20)
        #expect(lines[0] == "LeNet(")
        #expect(lines[2] == "    (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))")
        #expect(lines[17] == "training on  cpu")
        let form = /epoch (\d), loss (\d\.\d{4}), train acc (\d\.\d{3}), test acc (\d\.\d{3}), time \d+\.\d sec/
        for (index, line) in lines[18...].enumerated() {
            let match = try #require(line.wholeMatch(of: form), "\(line)")
            #expect(match.1 == "\(index + 1)")
            // Guessing among ten classes costs ln 10 ≈ 2.3.
            #expect(try #require(Double(match.2)) < 3)
        }
    }

    /// Tutorial 2: a grid of MNIST with its labels.
    @Test func showMNIST() throws {
        let folder = try TemporaryFolder()
        try SyntheticIDX(train: 200, test: 20).write(to: folder, "mnist")
        let picture = folder.file("grid.png")
        let outcome = try BuiltProgram("ShowMNIST").run([picture], environment: ["APUS_DATA": folder.path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.lines
        try #require(lines.count == 12, "\(outcome.output)")
        #expect(lines[0] == "labels: ")
        let row = /\[\d(, \d){9}\]/
        #expect(lines[1].hasPrefix(" tensor([[") && lines[10].hasSuffix("]])"))
        for line in lines[1...10] { #expect(line.firstMatch(of: row) != nil, "\(line)") }
        #expect(lines[11] == "accuracy: \t 1.0")
        // 10 × 10 pictures of 28×28 with 2 pixels around each: a header of 302×302.
        let header = try folder.read("grid.png").prefix(24)
        #expect(Array(header.suffix(8)) == [0, 0, 1, 46, 0, 0, 1, 46])
    }

    /// Tutorial 2: a 2×2 grid of CIFAR-10 with the names of the classes.
    @Test func showCIFAR10() throws {
        let folder = try TemporaryFolder()
        let records = (0..<120).flatMap { [UInt8($0 % 10)] + [UInt8](repeating: UInt8($0 * 2), count: 3_072) }
        for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
            try folder.write(records, to: "cifar10/cifar-10-batches-bin/\(name)")
        }
        let outcome = try BuiltProgram("ShowCIFAR10").run(
            [folder.file("grid.png")], environment: ["APUS_DATA": folder.path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines[0] == "labels: ")
        #expect(outcome.lines[1].wholeMatch(of: /\s\[\['\w+' '\w+'\]/) != nil, "\(outcome.lines[1])")
        let shapes = "shape of images: torch.Size([100, 3, 32, 32]), shape of labels: torch.Size([100])"
        #expect(outcome.output.contains(shapes), "\(outcome.output)")
        #expect(outcome.output.contains("accuracy: 1.0"))
        #expect(outcome.output.contains("augmented batch: torch.Size([100, 3, 32, 32]) from -1.0 to "))
    }
}
