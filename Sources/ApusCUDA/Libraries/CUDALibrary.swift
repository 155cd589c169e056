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
    case nccl

    /// The major versions of CUDA that Apus can use, newest first.
    static let majors = [13, 12]

    /// The names of the files for these major versions of CUDA, in their order.
    func fileNames(majors: [Int]) -> [String] {
        switch self {
        case .driver: ["libcuda.so.1"]
        case .nvrtc: majors.map { "libnvrtc.so.\($0)" }
        case .cublasLt: majors.map { "libcublasLt.so.\($0)" }
        case .cudnn: ["libcudnn.so.9"]
        case .nccl: ["libnccl.so.2"]
        }
    }

    /// How to get it.
    var advice: String {
        switch self {
        case .driver: "Install the driver of the GPU, of version 525 or later."
        case .nvrtc: "pip install nvidia-cuda-nvrtc (or nvidia-cuda-nvrtc-cu12), or set APUS_CUDA_PATH."
        case .cublasLt: "pip install nvidia-cublas (or nvidia-cublas-cu12), or set APUS_CUDA_PATH."
        case .cudnn: "pip install nvidia-cudnn-cu13 (or nvidia-cudnn-cu12), or set APUS_CUDA_PATH."
        case .nccl: "pip install nvidia-nccl-cu13 (or nvidia-nccl-cu12), or set APUS_CUDA_PATH."
        }
    }

    struct Opened {
        let handle: UnsafeMutableRawPointer
        /// As it was asked for: a path, or a name that the system finds.
        let path: String
    }

    /// Loads the library; throws an error that names it, what was tried, and how to get it.
    ///
    /// - Parameters:
    ///   - majors: the versions of CUDA that the driver knows, newest first.
    func open(majors: [Int] = CUDALibraries.supportedMajors, in path: CUDASearchPath = CUDASearchPath()) throws
        -> Opened
    {
        let names = fileNames(majors: majors)
        guard !names.isEmpty else {
            throw CUDAError("the driver knows no version of CUDA that Apus can use. \(CUDALibrary.driver.advice)")
        }
        var reasons: [String] = []
        for candidate in path.candidates(for: names) {
            if self == .cudnn, let major = CUDNNPackage.cudaMajor(of: candidate) {
                guard majors.contains(major) else {
                    reasons.append("\(candidate) is for CUDA \(major), which the driver does not know")
                    continue
                }
                CUDNNPackage.loadWhatItNeeds(major, path)
            }
            if let handle = dlopen(candidate, RTLD_NOW | RTLD_GLOBAL) {
                if self == .cudnn { try CUDNNPackage.check(handle, candidate, majors: majors, path) }
                return Opened(handle: handle, path: candidate)
            }
            // Only of files that are there: "no such file" says nothing.
            if let reason = dlerror(), candidate.contains("/") { reasons.append(String(cString: reason)) }
        }
        let tried = reasons.isEmpty ? "" : " (\(reasons.prefix(3).joined(separator: "; ")))"
        // The driver lies where the system looks; where else does not matter to who has none.
        let places =
            self == .driver
            ? ""
            : " It was looked for in APUS_CUDA_PATH, where the system looks, in CUDA's own folders and in Python's "
                + "environments."
        throw CUDAError("\(names.joined(separator: " or ")) cannot be loaded\(tried).\(places) \(advice)")
    }
}

/// What cuDNN wants beside it: there is a cuDNN 9 for each major version of CUDA, under the same name.
///
/// It loads libraries of that version when it needs them, and its own parts by name. The parts stay loaded, so that a
/// second cuDNN would get those of the first: which version it is for is found out before it is loaded.
private enum CUDNNPackage {
    /// The major version of CUDA that a file is for, by what lies beside it; nil where that does not tell.
    static func cudaMajor(of path: String) -> Int? {
        guard path.contains("/") else { return nil }
        let folder = URL(fileURLWithPath: path).resolvingSymlinksInPath().deletingLastPathComponent()
        let wheels = folder.deletingLastPathComponent().deletingLastPathComponent()
        let packages = names(in: wheels.deletingLastPathComponent())
        let files = FileManager.default
        func isFor(_ major: Int) -> (named: Bool, nearby: Bool) {
            let folders = [folder.path, "\(wheels.path)/cublas/lib", "\(wheels.path)/cu\(major)/lib"]
            return (
                packages.contains { $0.hasPrefix("nvidia_cudnn_cu\(major)-") },
                folders.contains { files.fileExists(atPath: "\($0)/libcublasLt.so.\(major)") }
            )
        }
        let candidates = CUDALibrary.majors.map { ($0, isFor($0)) }
        // The package's own name says more than its neighbours.
        for isKnown in [{ $0.named }, { $0.nearby }] as [((named: Bool, nearby: Bool)) -> Bool] {
            let found = candidates.filter { isKnown($0.1) }
            if found.count == 1 { return found[0].0 }
        }
        return nil
    }

    private static func names(in folder: URL) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    }

    /// cuDNN asks for these by name, which it finds itself only where they lie as in wheels. Where one is missing, cuDNN
    /// says so when it needs it.
    static func loadWhatItNeeds(_ major: Int, _ path: CUDASearchPath) {
        for library in [CUDALibrary.cublasLt, .nvrtc] { _ = try? library.open(majors: [major], in: path) }
    }

    /// Asks a loaded cuDNN, where its place did not tell.
    static func check(
        _ handle: UnsafeMutableRawPointer, _ path: String, majors: [Int], _ search: CUDASearchPath
    ) throws {
        guard cudaMajor(of: path) == nil, let symbol = dlsym(handle, "cudnnGetCudartVersion") else { return }
        let version = unsafeBitCast(symbol, to: (@convention(c) () -> Int).self)()
        // 12090 is CUDA 12.9.
        let major = version / 1000
        guard majors.contains(major) else {
            throw CUDAError(
                "\(path) is for CUDA \(major), which the driver does not know: it knows "
                    + "\(majors.map(String.init).joined(separator: " and ")). \(CUDALibrary.cudnn.advice)")
        }
        loadWhatItNeeds(major, search)
    }
}
