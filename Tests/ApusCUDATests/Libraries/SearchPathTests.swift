import ApusTestSupport
import Foundation
import Testing

@testable import ApusCUDA

/// In which order files are tried, and what is said where none can be loaded.
@Suite struct SearchPathTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A search that sees nothing of this machine.
    private func path(_ environment: [String: String] = [:]) -> CUDASearchPath {
        CUDASearchPath(environment: environment, localFolder: folder.file("local"), systemPythons: [folder.file("usr")])
    }

    private func make(_ files: String...) throws { for file in files { try folder.write([], to: file) } }

    @Test func theGivenFoldersComeFirst() throws {
        try make(
            "first/libnvrtc.so.12", "second/lib64/libnvrtc.so.13", "wheels/nvidia/cuda_nvrtc/lib/libnvrtc.so.12",
            "local/cuda/lib64/libnvrtc.so.13")
        let given = ["first", "second", "wheels", "nowhere"].map(folder.file).joined(separator: ":")
        let candidates = path(["APUS_CUDA_PATH": given]).candidates(for: ["libnvrtc.so.13", "libnvrtc.so.12"])
        #expect(
            candidates == [
                folder.file("second/lib64/libnvrtc.so.13"), folder.file("first/libnvrtc.so.12"),
                folder.file("wheels/nvidia/cuda_nvrtc/lib/libnvrtc.so.12"), "libnvrtc.so.13",
                folder.file("local/cuda/lib64/libnvrtc.so.13"), "libnvrtc.so.12",
            ])
    }

    @Test func bothLayoutsOfWheelsAreKnown() throws {
        try make("a/nvidia/cudnn/lib/libcudnn.so.9", "b/nvidia/cu13/lib/libnvrtc.so.13", "c/cu13/lib/libcublasLt.so.13")
        func first(_ name: String, _ given: String) -> String? {
            path(["APUS_CUDA_PATH": folder.file(given)]).candidates(for: [name]).first
        }
        #expect(first("libcudnn.so.9", "a") == folder.file("a/nvidia/cudnn/lib/libcudnn.so.9"))
        #expect(first("libnvrtc.so.13", "b") == folder.file("b/nvidia/cu13/lib/libnvrtc.so.13"))
        // The folder nvidia itself.
        #expect(first("libcublasLt.so.13", "c") == folder.file("c/cu13/lib/libcublasLt.so.13"))
    }

    @Test func installersAreTriedNewestFirst() throws {
        try make(
            "local/cuda-12.9/lib64/libcudnn.so.9", "local/cuda-12.10/targets/x86_64-linux/lib/libcudnn.so.9",
            "local/cuda-12.10/targets/sbsa-linux/lib/libcudnn.so.9", "home/lib/libcudnn.so.9")
        let candidates = path(["CUDA_HOME": folder.file("home")]).candidates(for: ["libcudnn.so.9"])
        #expect(candidates.count == 4)
        #expect(candidates.prefix(2) == ["libcudnn.so.9", folder.file("home/lib/libcudnn.so.9")])
        #expect(candidates[2].hasPrefix(folder.file("local/cuda-12.10/targets")))
        #expect(candidates[3] == folder.file("local/cuda-12.9/lib64/libcudnn.so.9"))
    }

    /// `python3` on the PATH is a link to the one of an environment, which is a link to the system's.
    @Test func environmentsOfPythonAreFollowed() throws {
        try make(
            "torch/.venv/pyvenv.cfg", "torch/.venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9",
            "usr/lib/python3/dist-packages/nvidia/cudnn/lib/libcudnn.so.9",
            "home/.local/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9")
        let files = FileManager.default
        let program = try folder.write([], to: "usr/bin/python3.12")
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        for folder in ["torch/.venv/bin", "bin"] {
            try files.createDirectory(atPath: self.folder.file(folder), withIntermediateDirectories: true)
        }
        try files.createSymbolicLink(
            atPath: folder.file("torch/.venv/bin/python3"), withDestinationPath: "../../../usr/bin/python3.12")
        try files.createSymbolicLink(
            atPath: folder.file("bin/python3"), withDestinationPath: folder.file("torch/.venv/bin/python3"))
        let environment = ["PATH": "/nowhere:" + folder.file("bin"), "HOME": folder.file("home")]
        #expect(
            path(environment).candidates(for: ["libcudnn.so.9"]) == [
                "libcudnn.so.9",
                folder.file("torch/.venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9"),
                folder.file("usr/lib/python3/dist-packages/nvidia/cudnn/lib/libcudnn.so.9"),
                folder.file("home/.local/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9"),
            ])
        let active = path(["VIRTUAL_ENV": folder.file("torch/.venv")]).candidates(for: ["libcudnn.so.9"])
        #expect(active[1].hasPrefix(folder.file("torch/.venv")))
    }

    @Test func linksThatLeadInACircleEnd() throws {
        try FileManager.default.createDirectory(atPath: folder.file("bin"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("bin/python3"), withDestinationPath: "python3")
        #expect(path(["PATH": folder.file("bin")]).candidates(for: ["x"]) == ["x"])
    }

    @Test(arguments: CUDALibrary.allCases.filter { $0 != .driver })
    func aLibraryOfNoVersionSaysHowToGetIt(library: CUDALibrary) throws {
        // A version of CUDA that there is not, so that this machine's own libraries are not found.
        let names = library.fileNames(majors: [99])
        guard names.allSatisfy({ $0.hasSuffix(".99") }) else { return }
        let error = try #require(throws: CUDAError.self) { try library.open(majors: [99], in: path()) }
        #expect(error.description.contains(names[0]), "\(error)")
        #expect(error.description.contains("cannot be loaded"))
        #expect(error.description.contains("APUS_CUDA_PATH"))
        #expect(error.description.contains("pip install nvidia-"))
    }

    @Test func aDriverThatIsTooOldIsTold() throws {
        let error = try #require(throws: CUDAError.self) { try CUDALibrary.nvrtc.open(majors: [], in: path()) }
        #expect(error.description.contains("the driver knows no version of CUDA that Apus can use"), "\(error)")
    }

    @Test func whatIsNoLibraryIsNamed() throws {
        let text = try folder.write(Array("no library\n".utf8), to: "given/libnvrtc.so.99")
        let file = try folder.write([], to: "a file")
        let hostile = path(["APUS_CUDA_PATH": ":\(file):\(folder.file("given"))::/\u{1}:"])
        let error = try #require(throws: CUDAError.self) { try CUDALibrary.nvrtc.open(majors: [99], in: hostile) }
        #expect(error.description.contains(text), "\(error)")
        // A text file in the place of cuDNN is passed over, whether there is another one or not.
        let fake = try folder.write(Array("no library\n".utf8), to: "cudnn/libcudnn.so.9")
        do {
            let found = try CUDALibrary.cudnn.open(in: path(["APUS_CUDA_PATH": folder.file("cudnn")]))
            #expect(found.path != fake)
        } catch let error as CUDAError {
            #expect(error.description.contains(fake), "\(error)")
        }
    }

    /// cuDNN has one name for both versions of CUDA: a file that is for another one than the driver's is passed over.
    @Test func cuDNNIsOfAVersionThatTheDriverKnows() throws {
        try make(
            "a/nvidia/cudnn/lib/libcudnn.so.9", "a/nvidia_cudnn_cu13-9.1.dist-info/METADATA",
            "b/nvidia/cudnn/lib/libcudnn.so.9", "b/nvidia/cu13/lib/libcublasLt.so.13")
        for name in ["a", "b"] {
            let search = path(["APUS_CUDA_PATH": folder.file(name)])
            do {
                let found = try CUDALibrary.cudnn.open(majors: [12], in: search)
                #expect(!found.path.hasPrefix(folder.path))
            } catch let error as CUDAError {
                #expect(error.description.contains("is for CUDA 13, which the driver does not know"), "\(error)")
            }
        }
    }
}
