import ApusEngine
import ApusGraph
import Testing

@testable import ApusData

@Suite struct ImageTests {
    private let colors = Image(width: 2, height: 1, channels: 3, samples: [0, 51, 255, 102, 153, 204])

    @Test func becomesPlanesFrom0To1() {
        let tensor = colors.tensor()
        #expect(tensor.shape == [3, 1, 2])
        #expect(tensor.dtype == .float32)
        #expect(tensor.array(as: Float.self) == [0, 0.4, 0.2, 0.6, 1, 0.8])
    }

    @Test func comesBackFromItsTensor() throws {
        let samples = (0..<(16 * 16 * 3)).map { UInt8(truncatingIfNeeded: $0) }
        let image = Image(width: 16, height: 16, channels: 3, samples: samples)
        #expect(try Image(image.tensor()) == image)
    }

    /// torchvision's `save_image`: 255 x + ½, cut.
    @Test func roundsAndCuts() throws {
        let tensor = Tensor([-1, 0.00195, 0.00197, 0.5, 1, 7, .nan, .infinity] as [Float], shape: [2, 4])
        let image = try Image(tensor)
        #expect((image.width, image.height, image.channels) == (4, 2, 1))
        #expect(image.samples == [0, 0, 1, 128, 255, 255, 0, 255])
    }

    @Test(arguments: [[5, 2, 2], [3], [1, 1, 2, 2], [0, 2, 2], [3, 0, 2]])
    func refusesWhatIsNoPicture(sizes: [Int]) {
        let error = #expect(throws: TensorError.self) { try Image(.zeros(Shape(sizes))) }
        #expect(error?.message.contains("is no picture") == true)
    }

    @Test func becomesRGB() {
        let gray = Image(width: 1, height: 2, channels: 2, samples: [7, 100, 9, 200])
        #expect(gray.rgb().samples == [7, 7, 7, 9, 9, 9])
        let alpha = Image(width: 1, height: 1, channels: 4, samples: [1, 2, 3, 4])
        #expect(alpha.rgb().samples == [1, 2, 3])
        #expect(colors.rgb() == colors)
    }
}
