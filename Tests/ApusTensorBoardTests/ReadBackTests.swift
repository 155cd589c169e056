import ApusData
import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusTestSupport
import Foundation
import Testing

@testable import ApusTensorBoard

/// Everything that is written is read back with TensorBoard's own reader, which checks lengths and checksums.
@Suite(.enabled(if: TensorBoardReader.isInstalled, Comment(rawValue: TensorBoardReader.reason)))
struct ReadBackTests {
    @Test func scalarsAndTexts() throws {
        let folder = try TemporaryFolder()
        let writer = try SummaryWriter(folder: folder.path)
        for step in 1...3 { try writer.addScalar("loss/train", 1 / Double(step), step: step) }
        try writer.addScalar("loss/test", .nan, step: 7)
        try writer.addText("notes", "**Größe** 28×28", step: 2)
        try writer.close()
        let contents = try TensorBoardReader.read(folder.path)
        #expect(contents.version == 2)
        #expect(contents.scalars["loss/train"]?.map(\.step) == [1, 2, 3])
        #expect(contents.scalars["loss/train"]?.map(\.value) == [1, 0.5, Double(Float(1.0 / 3))])
        #expect(contents.scalars["loss/test"] == [.init(step: 7, value: nil)])
        #expect(contents.texts == ["notes/text_summary": [.init(step: 2, text: "**Größe** 28×28")]])
    }

    @Test func curvesInOneChart() throws {
        let folder = try TemporaryFolder()
        let writer = try SummaryWriter(folder: folder.path)
        try writer.addScalars("loss/both", ["train": 1, "test": 2], step: 1)
        try writer.addScalars("loss/both", ["train": 0.5, "test": 1.5], step: 2)
        try writer.close()
        let train = try TensorBoardReader.read(folder.file("loss_both_train"))
        #expect(train.scalars == ["loss/both": [.init(step: 1, value: 1), .init(step: 2, value: 0.5)]])
        let test = try TensorBoardReader.read(folder.file("loss_both_test"))
        #expect(test.scalars == ["loss/both": [.init(step: 1, value: 2), .init(step: 2, value: 1.5)]])
    }

    @Test func pictures() throws {
        let folder = try TemporaryFolder()
        let writer = try SummaryWriter(folder: folder.path)
        let gray = Image(width: 3, height: 2, channels: 1, samples: [0, 50, 100, 150, 200, 250])
        try writer.addImage("gray", gray, step: 1)
        try writer.addImage("color", Tensor([[[0, 1]], [[0.5, 2]], [[-1, 0.25]]] as [[[Float]]]), step: 2)
        try writer.addImages("batch", Tensor([[[[0, 0]]], [[[1, 1]]], [[[0.5, 0.5]]]] as [[[[Float]]]]), step: 3)
        try writer.close()
        let images = try TensorBoardReader.read(folder.path).images
        #expect(images.keys.sorted() == ["batch", "color", "gray"])
        let first = try #require(images["gray"]?.first)
        #expect((first.step, first.width, first.height, first.mode) == (1, 3, 2, "L"))
        #expect(first.size == [3, 2] && first.pixels == gray.samples)
        let color = try #require(images["color"]?.first)
        #expect((color.step, color.width, color.height, color.mode) == (2, 2, 1, "RGB"))
        #expect(color.pixels == [0, 128, 0, 255, 255, 64])
        let batch = try #require(images["batch"]?.first)
        #expect((batch.step, batch.width, batch.height, batch.mode) == (3, 6, 1, "RGB"))
        #expect(batch.pixels == [0, 0, 255, 255, 128, 128].flatMap { [$0, $0, $0] })
    }

    @Test func histograms() throws {
        let folder = try TemporaryFolder()
        let writer = try SummaryWriter(folder: folder.path)
        let numbers = (0..<1000).map { Float($0 - 500) / 250 }
        try writer.addHistogram("weights", Tensor(numbers, shape: [10, 100]), step: 4)
        #expect(throws: SummaryWriterError.self) {
            try writer.addHistogram("weights", Tensor([Float.nan, .infinity]), step: 5)
        }
        try writer.close()
        let read = try #require(TensorBoardReader.read(folder.path).histograms["weights"])
        #expect(read.map(\.step) == [4])
        let histogram = try #require(read.first)
        let wanted = numbers.map(Double.init)
        #expect((histogram.min, histogram.max, histogram.num) == (-2, Double(Float(499) / 250), 1000))
        #expect(abs(histogram.sum - wanted.reduce(0, +)) < 1e-9)
        #expect(abs(histogram.sumSquares - wanted.reduce(0) { $0 + $1 * $1 }) < 1e-9)
        // Each bucket counted again from its limits.
        for (index, limit) in histogram.limits.enumerated() where index > 0 {
            let low = histogram.limits[index - 1]
            #expect(histogram.buckets[index] == Double(wanted.count { low <= $0 && $0 < limit }))
        }
        #expect(histogram.buckets.reduce(0, +) == 1000)
    }

    @Test func graphOfAModel() throws {
        let folder = try TemporaryFolder()
        let writer = try SummaryWriter(folder: folder.path)
        let model = LeNet()
        try writer.addGraph(model, input: [1, 28, 28])
        #expect(model.isTraining)
        #expect(throws: TensorError.self) { try writer.addGraph(model, input: [3, 28, 28]) }
        #expect(throws: TensorError.self) { try writer.addGraph(LazyConv2d(4, kernelSize: 3), input: [1, 28, 28]) }
        try writer.close()
        let nodes = try TensorBoardReader.read(folder.path).graph
        let byName = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        #expect(byName.count == nodes.count)
        #expect(byName["input"]?.shapes == [[1, 1, 28, 28]])
        for (name, parameter) in model.namedParameters() {
            let node = byName["LeNet/" + name.replacing(".", with: "/")]
            #expect(node?.op == "Parameter" && node?.shapes == [parameter.shape.dimensions], "\(name)")
        }
        let convolutions = nodes.filter { $0.name.hasPrefix("LeNet/conv/") && $0.shapes == [[1, 6, 24, 24]] }
        #expect(convolutions.contains { $0.input.contains("input") && $0.input.contains("LeNet/conv/0/weight") })
        #expect(byName["output"]?.shapes == [[1, 10]])
        // Each input is a node that stands before.
        var seen: Set<String> = []
        for node in nodes {
            #expect(node.input.allSatisfy { seen.contains(String($0.prefix { $0 != ":" })) }, "\(node.name)")
            seen.insert(node.name)
        }
    }

    /// The code of the article.
    @Test func article() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        let model = LeNet()
        let writer = try SummaryWriter(folder: folder)
        try writer.addGraph(model, input: [1, 28, 28])
        for epoch in 1...3 {
            try writer.addScalar("loss/train", 1 / Double(epoch), step: epoch)
            for (name, parameter) in model.namedParameters() {
                try writer.addHistogram(name, parameter.data, step: epoch)
            }
        }
        try writer.close()
        let contents = try TensorBoardReader.read(folder)
        #expect(contents.histograms.keys.sorted() == model.namedParameters().map(\.name).sorted())
        #expect(contents.histograms.values.allSatisfy { $0.map(\.step) == [1, 2, 3] })
        #expect(contents.scalars["loss/train"]?.count == 3 && !contents.graph.isEmpty)
    }

    @Test func aRunGoesOn() throws {
        let folder = try TemporaryFolder()
        let first = try SummaryWriter(folder: folder.path)
        for step in 1...4 { try first.addScalar("loss", Double(step), step: step) }
        try first.close()
        // Steps 3 and 4 were lost by the training, and are done again.
        let second = try SummaryWriter(folder: folder.path, purgeStep: 3)
        for step in 3...5 { try second.addScalar("loss", Double(10 * step), step: step) }
        try second.close()
        #expect(try folder.files().count == 2)
        let loss = try TensorBoardReader.read(folder.path).scalars["loss"]
        #expect(
            loss == [
                .init(step: 1, value: 1), .init(step: 2, value: 2), .init(step: 3, value: 30),
                .init(step: 4, value: 40), .init(step: 5, value: 50),
            ])
    }
}
