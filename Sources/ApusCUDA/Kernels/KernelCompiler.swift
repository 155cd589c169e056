import CCUDA
import Foundation

/// Compiles kernels by NVRTC for one architecture, and keeps the code on disk.
///
/// What is kept lies in `$XDG_CACHE_HOME/apus/kernels` (`~/.cache/apus/kernels`), a file for each text, architecture and
/// version of NVRTC. A file holds the text before the code and is used where the texts are equal. Where the folder cannot
/// be written, kernels are compiled in each run.
public struct KernelCompiler: Sendable {
    let architecture: String
    private let nvrtc: NVRTC
    private let version: String
    private let folder: URL?

    private struct NVRTC: @unchecked Sendable {
        let table: UnsafePointer<ApusNVRTC>
    }

    /// - Parameters:
    ///   - architecture: such as `sm_90`.
    ///   - folder: where code is kept; nil for nowhere.
    public init(architecture: String, folder: URL? = Self.defaultFolder) throws {
        self.architecture = architecture
        self.folder = folder
        let table = try CUDALibraries.nvrtc()
        nvrtc = NVRTC(table: table)
        var (major, minor): (Int32, Int32) = (0, 0)
        try Self.check(table, table.pointee.nvrtcVersion(&major, &minor), "ask for NVRTC's version")
        version = "\(major).\(minor)"
    }

    public static var defaultFolder: URL? {
        let environment = ProcessInfo.processInfo.environment
        if let cache = environment["XDG_CACHE_HOME"], !cache.isEmpty {
            return URL(fileURLWithPath: cache).appendingPathComponent("apus/kernels")
        }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return URL(fileURLWithPath: home).appendingPathComponent(".cache/apus/kernels")
    }

    private static func check(_ table: UnsafePointer<ApusNVRTC>, _ result: Int32, _ what: String) throws {
        guard result != 0 else { return }
        throw CUDAError("NVRTC could not \(what): \(String(cString: table.pointee.nvrtcGetErrorString(result)))")
    }

    /// The machine code of a whole text.
    public func image(of text: String, name: String) throws -> [UInt8] {
        let head = Array("\(architecture) NVRTC \(version)\n\(text)\0".utf8)
        let file = folder?.appendingPathComponent("\(name)-\(architecture)-\(Self.hash(head)).cubin")
        if let file, let data = try? Data(contentsOf: file), data.count > head.count, data.starts(with: head) {
            return Array(data.dropFirst(head.count))
        }
        let image = try compile(text, name: name)
        if let file { keep(head + image, in: file) }
        return image
    }

    /// Another run may write the same file: each writes one of its own, and puts it in its place at once.
    private func keep(_ bytes: [UInt8], in file: URL) {
        let files = FileManager.default
        try? files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? Data(bytes).write(to: file, options: .atomic)
    }

    private func compile(_ text: String, name: String) throws -> [UInt8] {
        let table = nvrtc.table
        var program: ApusNVRTCProgram?
        try Self.check(
            table, table.pointee.nvrtcCreateProgram(&program, text, "\(name).cu", 0, nil, nil), "read a kernel")
        defer { _ = table.pointee.nvrtcDestroyProgram(&program) }
        // Products and sums are rounded as they are written; where one rounding is wanted, kernels say fma.
        let options = ["--gpu-architecture=\(architecture)", "--std=c++17", "--fmad=false"]
        let result = Self.withCStrings(options) { pointers in
            table.pointee.nvrtcCompileProgram(program, Int32(pointers.count), pointers.baseAddress)
        }
        guard result == 0 else {
            let log = try bytes(table.pointee.nvrtcGetProgramLogSize, table.pointee.nvrtcGetProgramLog, program)
            throw CUDAError(
                "the kernel \(name) does not compile for \(architecture): "
                    + String(decoding: log.prefix { $0 != 0 }, as: UTF8.self))
        }
        return try bytes(table.pointee.nvrtcGetCUBINSize, table.pointee.nvrtcGetCUBIN, program)
    }

    private func bytes(
        _ size: (ApusNVRTCProgram?, UnsafeMutablePointer<Int>) -> Int32,
        _ read: (ApusNVRTCProgram?, UnsafeMutablePointer<CChar>) -> Int32, _ program: ApusNVRTCProgram?
    ) throws -> [UInt8] {
        var count = 0
        try Self.check(nvrtc.table, size(program, &count), "give what it made")
        var buffer = [CChar](repeating: 0, count: max(count, 1))
        try Self.check(nvrtc.table, read(program, &buffer), "give what it made")
        return buffer.prefix(count).map { UInt8(bitPattern: $0) }
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return copies.map { UnsafePointer($0) }.withUnsafeBufferPointer(body)
    }

    /// FNV-1a, 64 bits: only a name; the file's own text tells what it holds.
    private static func hash(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
