import ApusTestSupport
import Foundation
import Testing

@testable import ApusCUDA

/// Compiling, and the code that is kept on disk.
@Suite(.enabled(if: TestWheels.hasCompiler, Comment(rawValue: TestWheels.reason)))
struct KernelCompilerTests {
    private let folder: TemporaryFolder
    private let text = KernelPrelude.code + #"extern "C" __global__ void twice(float* x) { x[threadIdx.x] *= 2.0f; }"#

    init() throws { folder = try TemporaryFolder() }

    private func compiler(_ path: String) throws -> KernelCompiler {
        try KernelCompiler(architecture: "sm_80", folder: URL(fileURLWithPath: path))
    }

    private func keptFile() throws -> String {
        let files = try folder.files().filter { $0.hasSuffix(".cubin") }
        try #require(files.count == 1, "\(files)")
        return files[0]
    }

    @Test func theSecondCallReadsTheFile() throws {
        let first = try compiler(folder.path).image(of: text, name: "twice")
        #expect(first.starts(with: [0x7F] + Array("ELF".utf8)))
        let name = try keptFile()
        #expect(name.hasPrefix("twice-sm_80-"))
        let bytes = try folder.read(name)
        let head = try #require(bytes.firstIndex(of: 0))
        #expect(Array(bytes[(head + 1)...]) == first)
        // Other code behind the same text shows where the answer comes from.
        try folder.write(Array(bytes[...head]) + [1, 2, 3], to: name)
        #expect(try compiler(folder.path).image(of: text, name: "twice") == [1, 2, 3])
    }

    @Test func anotherTextIsCompiledByItself() throws {
        _ = try compiler(folder.path).image(of: text, name: "twice")
        _ = try compiler(folder.path).image(of: text + "\n", name: "twice")
        _ = try KernelCompiler(architecture: "sm_90", folder: URL(fileURLWithPath: folder.path))
            .image(of: text, name: "twice")
        #expect(try folder.files().count == 3)
    }

    @Test(arguments: ["cut in the text", "cut before the code", "another text", "empty"])
    func aDamagedFileIsCompiledAnew(damage: String) throws {
        let first = try compiler(folder.path).image(of: text, name: "twice")
        let name = try keptFile()
        var bytes = try folder.read(name)
        let head = try #require(bytes.firstIndex(of: 0))
        switch damage {
        case "cut in the text": bytes = Array(bytes.prefix(head / 2))
        case "cut before the code": bytes = Array(bytes.prefix(head + 1))
        case "another text": bytes[head - 1] ^= 1
        default: bytes = []
        }
        try folder.write(bytes, to: name)
        #expect(try compiler(folder.path).image(of: text, name: "twice") == first)
        // And it is whole again.
        #expect(try folder.read(name).count == head + 1 + first.count)
    }

    @Test func aFolderThatCannotBeWrittenIsNoError() throws {
        try folder.write([], to: "file")
        let image = try compiler(folder.file("file/kernels")).image(of: text, name: "twice")
        #expect(!image.isEmpty)
        #expect(try folder.files() == ["file"])
        #expect(try KernelCompiler(architecture: "sm_80", folder: nil).image(of: text, name: "twice") == image)
    }

    @Test func anErrorNamesTheKernelAndTheLine() throws {
        let error = try #require(throws: CUDAError.self) {
            try compiler(folder.path).image(of: "__global__ void f() { unknown(); }", name: "wrong")
        }
        #expect(error.description.contains("the kernel wrong does not compile for sm_80"), "\(error)")
        #expect(error.description.contains("unknown"))
        #expect(try folder.files() == [])
    }
}
