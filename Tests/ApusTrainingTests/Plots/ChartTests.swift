import ApusData
import ApusTestSupport
import Testing

@testable import ApusTraining

@Suite struct ChartTests {
    /// How many pixels have exactly the colour.
    private func count(_ color: Color, _ image: Image) -> Int {
        let pixels = image.rgb().samples
        let bytes = color.bytes
        return stride(from: 0, to: pixels.count, by: 3).count { Array(pixels[$0..<($0 + 3)]) == bytes }
    }

    private func picture(_ sheet: ChartSheet) throws -> Image { try PNG.decode(sheet.encoded(as: .png)) }

    @Test func aChartShowsItsLines() throws {
        let x = (0...100).map(Double.init)
        let chart = LineChart(
            title: "it's {a}_b^2", xLabel: "x", series: [.init("up", x: x, y: x), .init("down", x: x, y: x.reversed())])
        let image = try picture(ChartSheet([chart], width: 300, height: 200))
        #expect((image.width, image.height) == (300, 200))
        #expect(count(Color.palette[0], image) > 100 && count(Color.palette[1], image) > 100)
        #expect(count(Color.palette[2], image) == 0)
        // What stands in the picture as text stands in the SVG as it is.
        let svg = String(decoding: try ChartSheet([chart]).encoded(as: .svg), as: UTF8.self)
        #expect(svg.contains("it's {a}_b^2") || svg.contains("it&apos;s {a}_b^2"))
        #expect(svg.contains(">up<") && svg.contains(">down<"))
    }

    /// No lines, no numbers, one number, huge and equal numbers: axes are drawn all the same.
    @Test(
        arguments: [
            [], [.init("n", x: [1, .nan], y: [.infinity, 1])], [.init("n", x: [], y: [])], [.init("n", x: [1], y: [2])],
            [.init("n", x: [1, 2], y: [1e300, 1e300])], [.init("n", x: [3, 3], y: [-5, 5])],
        ] as [[LineChart.Series]])
    func oddNumbers(_ series: [LineChart.Series]) throws {
        for counts in [true, false] {
            let image = try picture(ChartSheet([LineChart(title: "", series: series, countsX: counts)]))
            #expect(Set(image.samples).count > 5)
        }
    }

    @Test func chartsStandBesideEachOther() throws {
        func chart(_ color: Color) -> LineChart {
            LineChart(title: "t", series: [.init("", x: [0, 1], y: [0, 1], color: color)])
        }
        let colors = Color.palette.prefix(3)
        let image = try picture(ChartSheet(colors.map(chart), columns: 2, width: 200, height: 150))
        #expect((image.width, image.height) == (400, 300))
        // The third is below the first.
        let pixels = image.rgb()
        func cell(_ column: Int, _ row: Int) -> Image {
            let rows = (0..<150).flatMap { y in
                let start = ((row * 150 + y) * 400 + column * 200) * 3
                return pixels.samples[start..<(start + 600)]
            }
            return Image(width: 200, height: 150, channels: 3, samples: rows)
        }
        for (index, place) in [(0, 0), (1, 0), (0, 1)].enumerated() {
            #expect(count(colors[index], cell(place.0, place.1)) > 50)
        }
        #expect(Set(cell(1, 1).samples) == [255])
    }

    @Test func anotherEndingIsRefused() throws {
        let chart = LineChart(title: "", series: [])
        #expect(throws: GnuplotError.unknownFormat("a.gif")) { try ChartSheet([chart]).write(to: "a.gif") }
        #expect(throws: GnuplotError.unknownFormat("a")) { try ChartSheet([chart]).write(to: "a") }
    }

    @Test(arguments: [0, 1, 2, 40])
    func trainingCurves(_ epochs: Int) throws {
        let folder = try TemporaryFolder()
        let points = (0..<epochs).map { epoch in
            let loss = epoch == 1 ? Double.nan : 2.3 / Double(epoch + 1)
            return TrainingCurves.Point(
                epoch: epoch + 1, trainLoss: loss, trainAccuracy: 0.5, testLoss: loss + 0.1, testAccuracy: 0.4)
        }
        try TrainingCurves(points).write(toFolder: folder.path)
        #expect(try folder.files() == ["curves.png", "curves.svg"])
        let svg = String(decoding: try folder.read("curves.svg"), as: UTF8.self)
        for text in ["epoch", "loss", "accuracy", "train", "test"] { #expect(svg.contains(text), "\(text)") }
        let image = try PNG.read(path: folder.file("curves.png"))
        #expect((image.width, image.height) == (1120, 420))
        if epochs > 0 { #expect(count(Color.palette[0], image) > 20 && count(Color.palette[1], image) > 20) }
        #expect(throws: (any Error).self) { try TrainingCurves(points).write(toFolder: folder.file("none")) }
    }

    @Test func confusionMatrix() throws {
        let counts = [[90, 10, 0], [0, 12_345, 5], [0, 0, 0]]
        let chart = ConfusionMatrixChart(counts: counts, classNames: ["T-shirt/top", "it's", "a_b"])
        let svg = String(decoding: try chart.sheet.encoded(as: .svg), as: UTF8.self)
        for text in ["T-shirt/top", "a_b", "12345", ">90<", "predicted class", "true class"] {
            #expect(svg.contains(text), "\(text)")
        }
        let script = chart.commands(name: "$m")
        // Column, row, share of the row, count, colour of the text.
        #expect(script.contains("\n0 0 0.9 90 16777215\n1 0 0.1 10 0\n2 0 0.0 0 11579568\n"))
        #expect(script.contains("\n0 2 0.0 0 11579568\n"))
    }

    @Test func aHundredClassesHaveNoCounts() throws {
        let counts = (0..<100).map { row in (0..<100).map { $0 == row ? 777 : 0 } }
        let names = (0..<100).map { "class number \($0) of a hundred" }
        let chart = ConfusionMatrixChart(counts: counts, classNames: names)
        let svg = String(decoding: try chart.sheet.encoded(as: .svg), as: UTF8.self)
        #expect(svg.contains("class number 99 of a hu…"))
        #expect(!chart.commands(name: "$m").contains("with labels"))
    }
}
