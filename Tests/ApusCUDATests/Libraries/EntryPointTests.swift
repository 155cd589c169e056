import CCUDA
import Foundation
import Testing

@testable import ApusCUDA

/// What our tables name is what the libraries of CUDA 12 and 13 export.
///
/// The driver is no library of PyPI, and the stub of it that NVIDIA's toolkit has is no package there either: its table
/// is checked where a driver is installed.
@Suite struct EntryPointTests {
    struct Found: Sendable, CustomTestStringConvertible {
        let library: CUDALibrary
        let version: String
        let path: String

        var testDescription: String { "\(library) \(version)" }
    }

    /// All libraries of wheels, with their files where these were fetched.
    private static let wanted = [CUDALibrary.nvrtc, .cublasLt, .cudnn, .nccl].flatMap { library in
        TestWheels.versions.map { (library, $0, TestWheels.file(library, $0)) }
    }
    private static let found = wanted.compactMap { library, version, path in
        path.map { Found(library: library, version: version, path: $0) }
    }
    private static let missing = wanted.filter { $0.2 == nil }.map { "\($0.0) of \($0.1)" }
    private static let hasDriver = dlopen("libcuda.so.1", RTLD_LAZY) != nil

    private func symbols(_ library: CUDALibrary) -> [String] {
        let names =
            switch library {
            case .driver: apus_driver_symbols()
            case .nvrtc: apus_nvrtc_symbols()
            case .cublasLt: apus_cublaslt_symbols()
            case .cudnn: apus_cudnn_symbols()
            case .nccl: apus_nccl_symbols()
            }
        var symbols: [String] = []
        while let name = names[symbols.count] { symbols.append(String(cString: name)) }
        return symbols
    }

    private func expectExported(_ library: CUDALibrary, by path: String) throws {
        let reason = { dlerror().map { String(cString: $0) } ?? "" }
        let handle = try #require(dlopen(path, RTLD_LAZY | RTLD_LOCAL), "\(path): \(reason())")
        let symbols = symbols(library)
        #expect(symbols.count > 2)
        #expect(Set(symbols).count == symbols.count, "a symbol is listed twice")
        #expect(symbols.filter { dlsym(handle, $0) == nil } == [], "\(path) does not export these")
    }

    @Test(.enabled(if: !found.isEmpty, "skipped: no library of CUDA was fetched"), arguments: found)
    func allSymbolsAreExported(_ found: Found) throws { try expectExported(found.library, by: found.path) }

    @Test(
        .enabled(
            if: missing.isEmpty,
            Comment(
                rawValue:
                    "skipped: not fetched: \(missing.joined(separator: ", ")) (scripts/install-cuda-libraries --all)"
            )))
    func allLibrariesWereChecked() { #expect(Self.found.count == Self.wanted.count) }

    @Test(.enabled(if: hasDriver, "skipped: there is no driver"))
    func theDriverExportsItsSymbols() throws { try expectExported(.driver, by: "libcuda.so.1") }
}
