import ApusEngine
import ApusGraph
import ApusTestSupport
import Testing

@testable import ApusData

/// Numbers by `torchvision.utils.make_grid`.
@Suite struct MakeGridTests {
    @Test func placesPicturesInRows() throws {
        let pictures = Tensor((1...6).map { Float($0) }, shape: [3, 1, 1, 2])
        let grid = try makeGrid(pictures, nrow: 2, padding: 1, padValue: 9)
        #expect(grid.shape == [3, 5, 7])
        let plane = Array(grid.array(as: Float.self).prefix(35))
        let expected: [Float] = [
            9, 9, 9, 9, 9, 9, 9,
            9, 1, 2, 9, 3, 4, 9,
            9, 9, 9, 9, 9, 9, 9,
            9, 5, 6, 9, 9, 9, 9,
            9, 9, 9, 9, 9, 9, 9,
        ]
        #expect(plane == expected)
        // One channel becomes three equal ones.
        #expect(grid.array(as: Float.self) == plane + plane + plane)
    }

    @Test func keepsColoursAndBytes() throws {
        let bytes = Tensor((0..<12).map { UInt8($0) }, shape: [2, 3, 1, 2])
        let grid = try makeGrid(bytes)
        #expect(grid.dtype == .uint8)
        #expect(grid.shape == [3, 5, 10])
        #expect(Array(grid.array(as: UInt8.self)[20..<30]) == [0, 0, 0, 1, 0, 0, 6, 7, 0, 0])
    }

    @Test func aSinglePictureHasNoBorder() throws {
        #expect(try makeGrid(.zeros([1, 3, 4, 5])).shape == [3, 4, 5])
        #expect(try makeGrid(.zeros([3, 4, 5])).shape == [3, 4, 5])
        #expect(try makeGrid(.zeros([4, 5])).shape == [3, 4, 5])
    }

    @Test func refusesWhatIsNoPicture() {
        #expect(throws: TensorError.self) { try makeGrid(.zeros([2, 2, 2, 2, 2])) }
        #expect(throws: TensorError.self) { try makeGrid(.zeros([0, 3, 2, 2])) }
        #expect(throws: TensorError.self) { try makeGrid(Tensor([1, 2], dtype: .int64)) }
    }

    @Test func savesByTheEnding() throws {
        let folder = try TemporaryFolder()
        let tensor = Tensor([0, 0.5, 1, 2] as [Float], shape: [1, 1, 2, 2])
        try saveImage(tensor, to: folder.file("a.png"))
        let image = try PNG.read(path: folder.file("a.png"))
        #expect(image.samples == [0, 0, 0, 128, 128, 128, 255, 255, 255, 255, 255, 255])
        try saveImage(tensor, to: folder.file("a.JPG"))
        #expect(try JPEG.read(path: folder.file("a.JPG")).channels == 3)
        let error = #expect(throws: DataError.self) { try saveImage(tensor, to: folder.file("a.gif")) }
        #expect(error?.reason == .unsupported)
        #expect(try folder.files() == ["a.JPG", "a.png"])
    }

    @Test func bytesGoIntoTensorsAndBack() throws {
        let image = Image(width: 2, height: 1, channels: 3, samples: [1, 2, 3, 4, 5, 6])
        let bytes = image.bytes()
        #expect(bytes.dtype == .uint8)
        #expect(bytes.shape == [3, 1, 2])
        #expect(bytes.array(as: UInt8.self) == [1, 4, 2, 5, 3, 6])
        #expect(try Image(bytes) == image)
    }
}
