import ApusTestSupport
import Foundation

@testable import ApusCUDA

/// CUDA's libraries for tests: `APUS_TEST_CUDA_WHEELS` is a folder with `cu12` and `cu13`, into each of which PyPI's
/// wheels for that version of CUDA were unpacked (`scripts/install-cuda-libraries`).
enum TestWheels {
    static let versions = ["cu12", "cu13"]

    private static let root: String = {
        let given = ProcessInfo.processInfo.environment["APUS_TEST_CUDA_WHEELS"] ?? ""
        return given.isEmpty ? ProjectFolder.file(".build/cuda-wheels") : given
    }()

    static func folder(_ version: String) -> String { "\(root)/\(version)" }

    /// The path of a library of a version of CUDA; nil where it was not fetched.
    static func file(_ library: CUDALibrary, _ version: String) -> String? {
        guard let major = Int(version.dropFirst(2)) else { return nil }
        let nvidia = "\(folder(version))/nvidia"
        let packages = (try? FileManager.default.contentsOfDirectory(atPath: nvidia)) ?? []
        for name in library.fileNames(majors: [major]) {
            for package in packages.sorted() {
                let path = "\(nvidia)/\(package)/lib/\(name)"
                if FileManager.default.fileExists(atPath: path) { return path }
            }
        }
        return nil
    }

    /// Whether kernels can be compiled; the wheels are made known to the search for libraries first.
    static let hasCompiler: Bool = {
        let known = ProcessInfo.processInfo.environment["APUS_CUDA_PATH"].map { [$0] } ?? []
        setenv("APUS_CUDA_PATH", (known + versions.reversed().map(folder)).joined(separator: ":"), 1)
        return (try? CUDALibraries.nvrtc()) != nil
    }()

    static let reason = "skipped: there is no NVRTC; scripts/install-cuda-libraries fetches it"
}
