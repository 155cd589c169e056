import ApusTestSupport
import Testing

/// Runs the program of the tutorial on the sizes that convolutions make, on small data.
@Suite struct ShapesTutorialTests {
    /// What the program prints before it trains: the formula with the numbers of each stage.
    private static let formula = [
        "W(out) = [W(in) + 2p − F] / S + 1, rounded down; the text's 28+22-5 means 28 + 2·2 − 5",
        "stage 1: [28 + 2·2 − 5] / 1 + 1 = 28, pooled [28 + 2·0 − 2] / 2 + 1 = 14: 16×14×14",
        "stage 2: [14 + 2·2 − 5] / 1 + 1 = 14, pooled [14 + 2·0 − 2] / 2 + 1 = 7: 32×7×7",
        "stage 3: [7 + 2·2 − 5] / 1 + 1 = 7, pooled [7 + 2·0 − 2] / 2 + 1 = 3: 64×3×3",
        "stage 4: [3 + 2·2 − 5] / 1 + 1 = 3, pooled [3 + 2·0 − 2] / 2 + 1 = 1: 128×1×1",
    ]

    private func run(_ arguments: [String]) throws -> [String] {
        let folder = try TemporaryFolder()
        try SyntheticIDX(train: 600, test: 120).write(to: folder, "mnist")
        let outcome = try BuiltProgram("CNNShapes").run(arguments, environment: ["APUS_DATA": folder.path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome.lines
    }

    /// The loss in a line of an epoch's last batch.
    private func loss(_ line: String, epoch: Int, of epochs: Int, batches: Int) throws -> Double {
        let form = /Epoch \[(\d+)\/(\d+)\], Iter \[(\d+)\/(\d+)\] Loss: (\d+\.\d{4})/
        let match = try #require(line.wholeMatch(of: form), "\(line)")
        #expect([match.1, match.2, match.3, match.4].map { Int($0) } == [epoch, epochs, batches, batches])
        return try #require(Double(match.5))
    }

    /// The accuracy in the last line, a share of `count` images.
    private func accuracy(_ line: String, of count: Int) throws -> Double {
        let match = try #require(line.wholeMatch(of: /test accuracy: ([\d.]+)/), "\(line)")
        let accuracy = try #require(Double(match.1))
        #expect((0...1).contains(accuracy))
        let images = accuracy * Double(count)
        #expect(abs(images - images.rounded()) < 1e-6, "\(accuracy) is no share of \(count)")
        return accuracy
    }

    @Test func fourStages() throws {
        let lines = try run(["--epochs", "3", "--images", "500"])
        try #require(lines.count == 5 + 4 + 3 + 1, "\(lines)")
        #expect(Array(lines[..<5]) == Self.formula)
        // From inside of the network, for the first batch.
        #expect(
            Array(lines[5..<9]) == [
                "torch.Size([100, 16, 14, 14])", "torch.Size([100, 32, 7, 7])", "torch.Size([100, 64, 3, 3])",
                "torch.Size([100, 128, 1, 1])",
            ])
        let losses = try (0..<3).map { try loss(lines[9 + $0], epoch: $0 + 1, of: 3, batches: 5) }
        // A guess among ten digits costs ln 10 ≈ 2.3.
        #expect(losses[2] < losses[0])
        #expect(losses[0] < 2.3)
        _ = try accuracy(lines[12], of: 100)
    }

    @Test func twoStages() throws {
        let lines = try run(["--depth", "2", "--epochs", "2", "--images", "550"])
        try #require(lines.count == 3 + 2 + 2 + 1, "\(lines)")
        #expect(Array(lines[..<3]) == Array(Self.formula[..<3]))
        #expect(Array(lines[3..<5]) == ["torch.Size([100, 16, 14, 14])", "torch.Size([100, 32, 7, 7])"])
        // Five batches of 100, and one of 50.
        let losses = try (0..<2).map { try loss(lines[5 + $0], epoch: $0 + 1, of: 2, batches: 6) }
        #expect(losses[1] < losses[0])
        #expect(try accuracy(lines[7], of: 110) > 0.5)
    }

    @Test(arguments: [
        ["--depth", "3"], ["--depth"], ["--epochs", "0"], ["--images", "4"], ["--seed", "-1"], ["--size", "3"], ["4"],
    ])
    func wrongArguments(_ arguments: [String]) throws {
        let outcome = try BuiltProgram("CNNShapes").run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.errors.hasPrefix("usage: CNNShapes [--depth 2|4] "), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }
}
