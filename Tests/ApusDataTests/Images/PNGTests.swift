import ApusTestSupport
import Foundation
import Testing

@testable import ApusData

/// Files written by hand, and what Pillow 13 reads from them (`Image.open(…).convert(mode)`).
struct PNGFile: Sendable, CustomTestStringConvertible {
    let name: String
    let channels: Int
    let samples: [UInt8]

    var testDescription: String { name }

    /// The content of the file.
    let bytes: [UInt8]

    init(name: String, hex: String, channels: Int, samples: [UInt8]) {
        (self.name, self.channels, self.samples) = (name, channels, samples)
        let digits = hex.compactMap(\.hexDigitValue)
        bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    /// Each is 3 pixels wide and 2 high.
    static let all: [PNGFile] = [
        PNGFile(
            name: "gray of 1 bit",
            hex: "89504e470d0a1a0a0000000d4948445200000003000000020100000000b50f5bb70000000c4944415478da6358c0e0000002"
                + "2400e14d16e85e0000000049454e44ae426082",
            channels: 1, samples: [255, 0, 255, 0, 255, 0]),
        PNGFile(
            name: "palette",
            hex:
                "89504e470d0a1a0a0000000d4948445200000003000000020803000000aaaa962800000009504c54450a141e28323c46505a16"
                + "ac8474000000104944415478da6360606462606264000000200007f52adf2f0000000049454e44ae426082",
            channels: 3, samples: [10, 20, 30, 40, 50, 60, 70, 80, 90, 70, 80, 90, 40, 50, 60, 10, 20, 30]),
        PNGFile(
            name: "palette with transparency",
            hex:
                "89504e470d0a1a0a0000000d4948445200000003000000020803000000aaaa962800000009504c54450a141e28323c46505a16"
                + "ac84740000000274524e5300809b2b4e18000000104944415478da6360606462606264000000200007f52adf2f00000000"
                + "49454e44ae426082",
            channels: 4,
            samples: [
                10, 20, 30, 0, 40, 50, 60, 128, 70, 80, 90, 255, 70, 80, 90, 255, 40, 50, 60, 128, 10, 20, 30, 0,
            ]),
        PNGFile(
            name: "RGB of 16 bits",
            hex:
                "89504e470d0a1a0a0000000d494844520000000300000002100200000042862d0e0000002f4944415478da636060e0b39429d2"
                + "5a6df1c45d36342cb9bff0044303639fd59ce2556b763c3d2e7735fcf1848f2701f4b7108aebc4629000000000"
                + "49454e44ae426082",
            channels: 3, samples: [0, 14, 28, 42, 56, 71, 85, 99, 113, 128, 142, 156, 170, 184, 199, 213, 227, 241]),
        PNGFile(
            name: "gray with alpha",
            hex:
                "89504e470d0a1a0a0000000d4948445200000003000000020804000000377dae91000000164944415478da6360646266616563"
                + "60e7e0e4e2e60100018f004f06a8e58a0000000049454e44ae426082",
            channels: 2, samples: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        PNGFile(
            name: "RGB that names a linear gamma",
            hex:
                "89504e470d0a1a0a0000000d49484452000000030000000208020000001216f14d0000000467414d41000186a031e8965f0000"
                + "001c4944415478da6360e095523771f48bce60286dea9fb372dbe10b7701331d07c623a4af730000000049454e44ae426082",
            channels: 3, samples: [0, 13, 26, 39, 52, 65, 78, 91, 104, 117, 130, 143, 156, 169, 182, 195, 208, 221]),
        PNGFile(
            name: "interlaced gray",
            hex:
                "89504e470d0a1a0a0000000d4948445200000003000000020800000001cf180950000000124944415478da63e06290631061d0"
                + "30b2010002b200d3e5a3a5ab0000000049454e44ae426082",
            channels: 1, samples: [10, 20, 30, 40, 50, 60]),
    ]
}

@Suite struct PNGTests {
    @Test(arguments: PNGFile.all)
    func readsWhatPillowReads(_ file: PNGFile) throws {
        let image = try PNG.decode(file.bytes)
        #expect((image.width, image.height, image.channels) == (3, 2, file.channels))
        #expect(image.samples == file.samples)
    }

    @Test(arguments: 1...4)
    func whatIsWrittenIsRead(channels: Int) throws {
        let folder = try TemporaryFolder()
        let samples = (0..<(17 * 5 * channels)).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let image = Image(width: 17, height: 5, channels: channels, samples: samples)
        try PNG.write(image, to: folder.file("picture.png"))
        #expect(try PNG.read(path: folder.file("picture.png")) == image)
        #expect(try folder.files() == ["picture.png"])
    }

    /// The bytes of the photo, as Pillow reads them.
    @Test func readsAPhoto() throws {
        let path =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path + "/Examples/Photos/astronaut.png"
        let image = try PNG.read(path: path)
        #expect((image.width, image.height, image.channels) == (512, 512, 3))
        #expect(image.samples.reduce(0) { $0 + Int($1) } == 90_124_324)
        let start = (100 * 512 + 200) * 3
        #expect(Array(image.samples[start..<(start + 3)]) == [81, 57, 17])
    }

    @Test(arguments: PNGFile.all)
    func aCutFileThrows(_ file: PNGFile) {
        let bytes = file.bytes
        // The last chunk tells nothing; libpng asks for it all the same.
        for count in 0..<(bytes.count - 12) {
            let error = #expect(throws: DataError.self) { try PNG.decode(Array(bytes.prefix(count)), path: "cut.png") }
            #expect(error?.description.hasPrefix("cut.png: ") == true)
        }
    }

    /// A flipped bit is found by a checksum, or lies where libpng does not look; nothing traps.
    @Test(arguments: PNGFile.all)
    func aFlippedBitThrowsOrIsHarmless(_ file: PNGFile) {
        var refused = 0
        for position in file.bytes.indices {
            for bit in 0..<8 {
                var bytes = file.bytes
                bytes[position] ^= 1 << UInt8(bit)
                do {
                    let image = try PNG.decode(bytes)
                    #expect(image.samples.count == image.width * image.height * image.channels)
                } catch {
                    #expect(error is DataError)
                    refused += 1
                }
            }
        }
        #expect(refused > file.bytes.count * 4)
    }

    @Test func hostileFilesThrow() throws {
        // 2³¹ − 1 pixels each way, with a right checksum.
        let huge = PNGFile(
            name: "",
            hex: "89504e470d0a1a0a0000000d494844527fffffff7fffffff08020000009bab9c31000000004944415435af061e",
            channels: 3,
            samples: [])
        let error = #expect(throws: DataError.self) { try PNG.decode(huge.bytes) }
        #expect(error?.reason == .tooLarge)
        #expect(throws: DataError.self) { try PNG.decode([]) }
        let jpeg = #expect(throws: DataError.self) { try PNG.decode([0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 74, 70, 73, 70]) }
        #expect(jpeg?.reason == .wrongMagic)
        let missing = #expect(throws: DataError.self) { try PNG.read(path: "/nowhere/picture.png") }
        #expect(missing?.reason == .notFound)
        #expect(throws: (any Error).self) {
            try PNG.write(Image(width: 1, height: 1, channels: 1, samples: [0]), to: "/nowhere/picture.png")
        }
    }
}
