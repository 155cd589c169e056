import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One of the libraries that computing on a GPU takes.
public enum CUDALibrary: String, Sendable, CaseIterable {
    case driver
    case nvrtc
    case cublasLt
    case cudnn

    /// The names of the files, newest first.
    var fileNames: [String] {
        switch self {
        case .driver: ["libcuda.so.1"]
        case .nvrtc: ["libnvrtc.so.13", "libnvrtc.so.12"]
        case .cublasLt: ["libcublasLt.so.13", "libcublasLt.so.12"]
        case .cudnn: ["libcudnn.so.9"]
        }
    }

    /// How to get it.
    var advice: String {
        switch self {
        case .driver: "Install the driver of the GPU, of version 525 or later."
        case .nvrtc: "pip install nvidia-cuda-nvrtc (or nvidia-cuda-nvrtc-cu12), or set APUS_CUDA_PATH."
        case .cublasLt: "pip install nvidia-cublas (or nvidia-cublas-cu12), or set APUS_CUDA_PATH."
        case .cudnn: "pip install nvidia-cudnn-cu13 (or nvidia-cudnn-cu12), or set APUS_CUDA_PATH."
        }
    }

    struct Opened {
        let handle: UnsafeMutableRawPointer
        /// As it was asked for: a path, or a name that the system finds.
        let path: String
    }

    /// Loads the library; throws an error that names it and says how to get it.
    func open() throws -> Opened {
        var reasons: [String] = []
        for candidate in CUDASearchPath.candidates(for: fileNames) {
            if let handle = dlopen(candidate, RTLD_NOW | RTLD_GLOBAL) { return Opened(handle: handle, path: candidate) }
            // Only of files that are there: "no such file" says nothing.
            if candidate.contains("/"), let reason = dlerror() { reasons.append(String(cString: reason)) }
        }
        let names = fileNames.joined(separator: " or ")
        let tried = reasons.isEmpty ? "" : " (\(reasons.joined(separator: "; ")))"
        throw CUDAError("\(names) cannot be loaded\(tried). \(advice)")
    }
}

/// Where CUDA's libraries may lie.
enum CUDASearchPath {
    /// What to give to `dlopen`, in order: existing files of `APUS_CUDA_PATH`, plain names, which the system looks up,
    /// and existing files of the usual folders.
    static func candidates(
        for names: [String], environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> [String] {
        let given = (environment["APUS_CUDA_PATH"] ?? "").split(separator: ":").map(String.init)
        return files(names, in: given.flatMap(foldersBelow)) + names + files(names, in: usualFolders(environment))
    }

    private static func files(_ names: [String], in folders: [String]) -> [String] {
        names.flatMap { name in
            folders.map { "\($0)/\(name)" }.filter { FileManager.default.fileExists(atPath: $0) }
        }
    }

    /// A folder, its `lib` and `lib64`, and those of the wheels that were unpacked into it (`nvidia/*/lib`).
    private static func foldersBelow(_ folder: String) -> [String] {
        let wheels = ["\(folder)/nvidia", folder].flatMap { base in
            (try? FileManager.default.contentsOfDirectory(atPath: base))?.sorted().map { "\(base)/\($0)/lib" } ?? []
        }
        return [folder, "\(folder)/lib", "\(folder)/lib64"] + wheels
    }

    /// Of CUDA's installer, and of Python's environments that are active or the system's.
    private static func usualFolders(_ environment: [String: String]) -> [String] {
        var bases = ["CUDA_HOME", "CUDA_PATH"].compactMap { environment[$0] } + ["/usr/local/cuda"]
        let pythons = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap { environment[$0] } + ["/usr/local", "/usr"]
        for python in pythons {
            let libraries = (try? FileManager.default.contentsOfDirectory(atPath: "\(python)/lib")) ?? []
            for version in libraries.sorted() where version.hasPrefix("python3") {
                bases += ["\(python)/lib/\(version)/site-packages", "\(python)/lib/\(version)/dist-packages"]
            }
        }
        return bases.flatMap(foldersBelow)
    }
}
