import ApusTestSupport
import Foundation
import Testing

@testable import ApusData

@Suite struct JPEGTests {
    private func fixture(_ name: String) throws -> [UInt8] {
        try ProjectFolder.bytes(PillowPixelsTests.folder + "/" + name)
    }

    @Test func whatIsWrittenIsRead() throws {
        let folder = try TemporaryFolder()
        for channels in [1, 3] {
            let samples = (0..<(32 * 20 * channels)).map { UInt8(128 + 100 * sin(Double($0) / 40)) }
            let image = Image(width: 32, height: 20, channels: channels, samples: samples)
            try JPEG.write(image, to: folder.file("picture.jpg"), quality: 100)
            let read = try JPEG.read(path: folder.file("picture.jpg"))
            #expect((read.width, read.height, read.channels) == (32, 20, channels))
            // Quantized by 1 and, in colour, halved chroma: a smooth picture changes little.
            let largest = zip(samples, read.samples).map { abs(Int($0) - Int($1)) }.max()
            #expect(try #require(largest) <= (channels == 1 ? 2 : 40))
        }
        #expect(try folder.files() == ["picture.jpg"])
    }

    @Test(arguments: ["baseline420.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg"])
    func aCutFileThrowsAndNamesItself(name: String) throws {
        let bytes = try fixture(name)
        for count in stride(from: 0, to: bytes.count - 2, by: 7) {
            let error = #expect(throws: DataError.self) {
                try ImageFile.decode(Array(bytes.prefix(count)), path: "cut.jpg")
            }
            #expect(error?.description.hasPrefix("cut.jpg: ") == true)
            #expect(error?.kind == .damaged)
        }
    }

    /// Rare processes are refused by name: the frame header's marker is changed.
    @Test(arguments: [
        (UInt8(0xC3), "lossless"), (0xC5, "hierarchical"), (0xC9, "arithmetic coding"), (0xCA, "arithmetic coding"),
    ])
    func rareProcessesAreRefusedByName(marker: UInt8, name: String) throws {
        var bytes = try fixture("baseline420.jpg")
        let position = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes[position + 1] = marker
        let error = #expect(throws: DataError.self) { try JPEG.decode(bytes) }
        #expect(error?.reason == .unsupported)
        #expect(error?.problem.contains(name) == true)
        bytes[position + 1] = 0xC1
        bytes[position + 4] = 12
        #expect(throws: DataError.self) { try JPEG.decode(bytes) }
    }

    /// A frame header that announces more than the limit, or than the file can hold, is refused before memory is taken.
    @Test func bombsAreRefused() throws {
        var bytes = try fixture("gray.jpg")
        let position = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes.replaceSubrange((position + 5)..<(position + 9), with: [0xFF, 0xFF, 0xFF, 0xFF])
        let large = #expect(throws: DataError.self) { try JPEG.decode(bytes) }
        #expect(large?.reason == .tooLarge)
        #expect(large?.problem.contains("\(ImageLimits.mostPixels)") == true)
        bytes.replaceSubrange((position + 5)..<(position + 9), with: [0x27, 0x10, 0x27, 0x10])
        let small = #expect(throws: DataError.self) { try JPEG.decode(bytes) }
        #expect(small?.reason == .truncated)
        #expect(small?.problem.contains("can hold") == true)
    }

    @Test(arguments: [
        ("GIF89a....", "a GIF"), ("BM......", "a BMP"), ("II*\0....", "a TIFF"), ("RIFF....WEBP", "a WebP"),
        ("<html>", "a web page"), ("plain text", "neither a PNG nor a JPEG"),
    ])
    func otherFilesAreNamed(content: String, name: String) {
        let error = #expect(throws: DataError.self) { try ImageFile.decode(Array(content.utf8), path: "picture.jpg") }
        #expect(error?.reason == .unsupported)
        #expect(error?.description.contains(name) == true)
        #expect(error?.path == "picture.jpg")
    }

    @Test func modes() throws {
        let color = try ImageFile.decode(fixture("baseline444.jpg"), path: "a")
        #expect(color.channels == 3)
        #expect(try ImageFile.decode(fixture("gray.jpg"), path: "a").channels == 1)
        #expect(try ImageFile.decode(fixture("gray.jpg"), path: "a", mode: .rgb).channels == 3)
        // Pillow's L of (10, 20, 30) and (255, 0, 0).
        let image = Image(width: 2, height: 1, channels: 3, samples: [10, 20, 30, 255, 0, 0])
        #expect(image.gray().samples == [18, 76])
        #expect(#expect(throws: DataError.self) { try ImageFile.decode([], path: "a") }?.reason == .empty)
    }
}
