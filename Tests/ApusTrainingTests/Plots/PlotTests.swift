import ApusData
import ApusEngine
import ApusGraph
import Testing

@testable import ApusTraining

@Suite struct PlotTests {
    private func color(_ image: Image, _ x: Int, _ y: Int) -> [UInt8] {
        let start = (y * image.width + x) * 3
        return Array(image.samples[start..<(start + 3)])
    }

    @Test func aLineCoversItsPixels() {
        var canvas = Canvas(width: 9, height: 5)
        canvas.stroke([CanvasPoint(1, 2.5), CanvasPoint(8, 2.5)], width: 1, color: .black)
        #expect(color(canvas.image, 4, 2) == [0, 0, 0])
        #expect(color(canvas.image, 4, 1) == [255, 255, 255])
        #expect(color(canvas.image, 4, 3) == [255, 255, 255])
        // Half of the coverage on either side of the border between two rows.
        canvas = Canvas(width: 9, height: 4)
        canvas.stroke([CanvasPoint(0, 2), CanvasPoint(9, 2)], width: 1, color: .black)
        #expect(color(canvas.image, 4, 1) == color(canvas.image, 4, 2))
        #expect((120...136).contains(color(canvas.image, 4, 1)[0]))
    }

    @Test func whatLiesOutsideIsCut() {
        var canvas = Canvas(width: 4, height: 4)
        canvas.stroke([CanvasPoint(-1e9, 2), CanvasPoint(1e9, 2)], width: 1, color: .black)
        canvas.stroke([CanvasPoint(.nan, 1), CanvasPoint(.infinity, 0)], color: .black)
        canvas.draw(Image(width: 3, height: 3, channels: 1, samples: .init(repeating: 9, count: 9)), x: -2, y: -2)
        canvas.draw(Image(width: 1, height: 1, channels: 1, samples: [9]), x: 99, y: -99)
        #expect(color(canvas.image, 0, 0) == [9, 9, 9])
        #expect(color(canvas.image, 3, 0) == [255, 255, 255])
        #expect(color(canvas.image, 3, 3) == [255, 255, 255])
    }

    @Test func textIsDrawnWhereItIsAligned() {
        func ink(_ alignment: Canvas.TextAlignment) -> [Int] {
            var canvas = Canvas(width: 80, height: 20)
            canvas.write("AB", at: CanvasPoint(40, 15), size: 10, alignment: alignment)
            let image = canvas.image
            return (0..<80).filter { x in (0..<20).contains { color(image, x, $0) != [255, 255, 255] } }
        }
        #expect((ink(.left).min() ?? 0) >= 38)
        #expect((ink(.right).max() ?? 99) <= 42)
        let center = ink(.center)
        #expect((center.min() ?? 0) < 40 && (center.max() ?? 0) > 40)
    }

    /// Every character of ASCII that can be printed has strokes of its own.
    @Test func theFontIsComplete() {
        let box = StrokeFont.strokes(of: "\u{7}")
        #expect(box.count == 1)
        let missing = (33...126).compactMap(Unicode.Scalar.init).map(Character.init).filter { character in
            StrokeFont.strokes(of: character).elementsEqual(box) { $0.elementsEqual($1) { $0 == $1 } }
        }
        #expect(missing == [])
    }

    @Test func picturesStandBesideEachOther() {
        let black = Image(width: 20, height: 10, channels: 1, samples: .init(repeating: 0, count: 200))
        let grid = ImageGrid([.init(black), .init(black), .init(black)], columns: 2).image()
        #expect((grid.width, grid.height) == (2 * 32 + 12, 2 * 22 + 12))
        #expect(
            color(grid, 12, 12) == [0, 0, 0] && color(grid, 44, 12) == [0, 0, 0] && color(grid, 12, 34) == [0, 0, 0])
        #expect(color(grid, 44, 34) == [255, 255, 255] && color(grid, 11, 12) == [255, 255, 255])
    }

    @Test func featureMapsAreStretched() throws {
        let maps = try Image.featureMaps(Tensor([[[-1, 0], [1, 3]], [[5, 5], [5, 5]]] as [[[Float]]]))
        #expect(maps.map(\.samples) == [[0, 64, 128, 255], [0, 0, 0, 0]])
        #expect(throws: TensorError.self) { try Image.featureMaps(.zeros(2, 2)) }
    }
}
