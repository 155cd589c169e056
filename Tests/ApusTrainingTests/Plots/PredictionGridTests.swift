import ApusData
import Testing

@testable import ApusTraining

@Suite struct PredictionGridTests {
    private func gray(_ width: Int, _ height: Int, _ shade: UInt8 = 7) -> Image {
        Image(width: width, height: height, channels: 1, samples: .init(repeating: shade, count: width * height))
    }

    /// How many pixels of a part of the picture have a strong red, a strong blue, or are black.
    private func ink(_ image: Image, columns: Range<Int>, rows: Range<Int>) -> (red: Int, blue: Int, black: Int) {
        var counts = (red: 0, blue: 0, black: 0)
        for y in rows {
            for x in columns {
                let start = (y * image.width + x) * 3
                let (red, green, blue) = (image.samples[start], image.samples[start + 1], image.samples[start + 2])
                if red > 180, blue < 120 { counts.red += 1 }
                if blue > 150, red < 120 { counts.blue += 1 }
                if red < 60, green < 60, blue < 60 { counts.black += 1 }
            }
        }
        return counts
    }

    /// Pictures of 28×28 become 112×112, in cells of 136; captions have one line where all are right, else two.
    @Test func sizes() throws {
        let right = PredictionGrid.Entry(gray(28, 28), predicted: "Bag", actual: "Bag")
        let wrong = PredictionGrid.Entry(gray(28, 28), predicted: "Bag", actual: "Coat")
        let unknown = PredictionGrid.Entry(gray(28, 28), predicted: "Bag")
        let one = try PredictionGrid([right, unknown, right], columns: 2).image()
        #expect((one.width, one.height) == (2 * 136 + 8, 2 * (112 + 34) + 8))
        let two = try PredictionGrid([right, wrong, right], columns: 2).image()
        #expect((two.width, two.height) == (2 * 136 + 8, 2 * (112 + 52) + 8))
        _ = try PredictionGrid([]).image()
    }

    @Test func captions() throws {
        let image = try PredictionGrid([
            .init(gray(28, 28, 200), predicted: "Sandal", actual: "Sandal"),
            .init(gray(28, 28, 200), predicted: "Sandal", actual: "Sneaker"),
            .init(gray(28, 28, 200), predicted: "Sandal"),
        ]).image()
        // Below the pictures: 120 pixels from the top.
        func caption(_ cell: Int) -> (red: Int, blue: Int, black: Int) {
            ink(image, columns: (cell * 136 + 4)..<(cell * 136 + 140), rows: 122..<image.height)
        }
        for cell in [0, 2] {
            #expect(caption(cell).black > 30 && caption(cell).red == 0 && caption(cell).blue == 0)
        }
        #expect(caption(1).red > 30 && caption(1).blue > 30 && caption(1).black == 0)
        // The picture itself is in its place, four pixels a side for one.
        let start = (8 * image.width + 16) * 3
        #expect(Array(image.samples[start..<(start + 3)]) == [200, 200, 200])
        #expect(image.samples[start - 1] == 255)
    }

    /// Long names end within their cell, so that the columns between stay white.
    @Test func longNamesAreShortened() throws {
        let name = "a class whose name is far too long for this"
        let image = try PredictionGrid([.init(gray(9, 9), predicted: name), .init(gray(9, 9), predicted: name)]).image()
        #expect(image.width == 280)
        let between = ink(image, columns: 139..<142, rows: 0..<image.height)
        #expect(between.black == 0)
        #expect(name.shortened(to: 8) == "a class…" && "Bag".shortened(to: 3) == "Bag")
    }

    /// Larger pictures are reduced to 160 pixels and keep their proportions.
    @Test func photos() throws {
        let wide = try gray(400, 100).fitted(into: 160)
        #expect((wide.width, wide.height) == (160, 40) && Set(wide.samples) == [7])
        let line = try gray(1000, 1).fitted(into: 160)
        #expect((line.width, line.height) == (160, 1))
        let image = try PredictionGrid([.init(gray(400, 100), predicted: "x"), .init(gray(28, 28), predicted: "y")])
            .image()
        #expect(image.width == 2 * 184 + 8)
    }

    @Test func enlarging() {
        let image = Image(width: 2, height: 1, channels: 1, samples: [1, 2])
        #expect(image.enlarged(by: 2) == Image(width: 4, height: 2, channels: 1, samples: [1, 1, 2, 2, 1, 1, 2, 2]))
        #expect(image.enlarged(by: 1) == image)
        #expect(image.enlarged(toAtLeast: 5).width == 6)
    }
}
