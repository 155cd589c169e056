import ApusTestSupport
import Foundation
import Testing

@testable import ApusData

/// Pictures of `Tests/Fixtures/images` with what Pillow 13 reads from them (`make_images.py`).
@Suite struct PillowPixelsTests {
    static let folder = ProjectFolder.file("Tests/Fixtures/images")
    static let pictures = ((try? ProjectFolder.names(in: folder)) ?? []).filter { !$0.hasSuffix(".rgb") }

    @Test func thereArePicturesOfManyKinds() {
        #expect(Self.pictures.count { $0.hasSuffix(".jpg") } >= 12)
        #expect(Self.pictures.count { $0.hasSuffix(".png") } >= 14)
    }

    @Test(arguments: pictures)
    func pixelsArePillows(name: String) throws {
        let image = try ImageFile.read(path: "\(Self.folder)/\(name)", mode: .rgb)
        #expect((image.width, image.height, image.channels) == (37, 23, 3))
        let expected = try ProjectFolder.bytes("\(Self.folder)/\(name).rgb")
        #expect(image.samples.count == expected.count)
        let wrong = zip(image.samples, expected).enumerated().filter { $0.element.0 != $0.element.1 }
        #expect(wrong.isEmpty, "\(wrong.count) samples differ, first \(wrong.first.map { "\($0)" } ?? "")")
    }

    /// All 400 photographs: the digest is Pillow's, computed alike.
    @Test(.enabled(if: ProjectFolder.sharedData("flowers") != nil, "skipped: ../shared/data/flowers is not there"))
    func photographsArePillows() throws {
        let root = try #require(ProjectFolder.sharedData("flowers"))
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        var count = 0
        for split in ["train", "val"] {
            for name in try ProjectFolder.names(in: "\(root)/\(split)") {
                for file in try ProjectFolder.names(in: "\(root)/\(split)/\(name)") {
                    let image = try JPEG.read(path: "\(root)/\(split)/\(name)/\(file)")
                    var sum: UInt64 = 0
                    var weight: UInt64 = 0
                    for sample in image.samples {
                        sum &+= UInt64(sample) &* (weight + 1)
                        weight = weight == 65_520 ? 0 : weight + 1
                    }
                    digest = digest &* 0x100_0000_01b3 &+ sum
                    count += 1
                }
            }
        }
        #expect(count == 400)
        #expect(digest == 0x017b_3101_2b8a_334e)
    }
}
