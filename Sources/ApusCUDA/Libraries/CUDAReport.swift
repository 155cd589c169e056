import CCUDA
import Foundation

/// One of CUDA's libraries: where it was found, or why it was not.
public struct CUDALibraryReport: Sendable, Hashable {
    /// `driver`, `nvrtc`, `cublasLt`, `cudnn` or `nccl`.
    public let name: String
    /// For the driver, the newest CUDA that it knows.
    public let version: String?
    public let path: String?
    /// Why there is none; nil where there is one.
    public let problem: String?
}

/// What a GPU is, without opening it.
public struct CUDAGPUReport: Sendable, Hashable {
    public let index: Int
    public let properties: CUDAProperties
    /// `580.95.05`; the version of CUDA where the system does not say.
    public let driver: String

    /// `9.0`.
    public var computeCapability: String { "\(properties.major).\(properties.minor)" }
}

/// The GPUs and the libraries of this machine.
public struct CUDAReport: Sendable, Hashable {
    public let gpus: [CUDAGPUReport]
    /// Why there is no GPU; nil where there is one.
    public let problem: String?
    public let libraries: [CUDALibraryReport]

    /// What is there now. Never throws: what is missing is described.
    public static func current() -> CUDAReport {
        let libraries = CUDALibrary.allCases.map(\.report)
        do {
            let gpus = try findGPUs()
            return CUDAReport(
                gpus: gpus, problem: gpus.isEmpty ? "the driver finds no GPU." : nil, libraries: libraries)
        } catch {
            return CUDAReport(gpus: [], problem: "\(error)", libraries: libraries)
        }
    }

    private static func findGPUs() throws -> [CUDAGPUReport] {
        let driver = try CUDALibraries.driver()
        var count: Int32 = 0
        try driver.check(driver.pointee.cuDeviceGetCount(&count), "be counted")
        let version = kernelModuleVersion ?? CUDALibraries.driverVersion.map(CUDALibraries.versionText) ?? "?"
        return try (0..<Int(count)).map {
            CUDAGPUReport(index: $0, properties: try CUDAProperties(driver, $0), driver: version)
        }
    }

    /// Of the line "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  …".
    private static var kernelModuleVersion: String? {
        let text = (try? String(contentsOfFile: "/proc/driver/nvidia/version", encoding: .utf8)) ?? ""
        let words = text.prefix { $0 != "\n" }.split(separator: " ")
        return words.first { $0.contains(".") && $0.allSatisfy { $0.isNumber || $0 == "." } }.map(String.init)
    }
}

extension CUDALibrary {
    fileprivate var report: CUDALibraryReport {
        do {
            let (version, path) = try found()
            return CUDALibraryReport(name: rawValue, version: version, path: path, problem: nil)
        } catch {
            return CUDALibraryReport(name: rawValue, version: nil, path: nil, problem: "\(error)")
        }
    }

    private func found() throws -> (version: String, path: String?) {
        switch self {
        case .driver:
            // A driver without a GPU is there all the same.
            let opened = try open()
            let version = CUDALibraries.driverVersion.map(CUDALibraries.versionText) ?? "?"
            return (version, dlsym(opened.handle, "cuInit").flatMap(Self.path) ?? opened.path)
        case .nvrtc:
            let table = try CUDALibraries.nvrtc()
            var (major, minor): (Int32, Int32) = (0, 0)
            _ = table.pointee.nvrtcVersion(&major, &minor)
            return ("\(major).\(minor)", Self.path(unsafeBitCast(table.pointee.nvrtcVersion, to: Pointer.self)))
        case .cublasLt:
            let table = try CUDALibraries.cublasLt()
            return (
                Self.text(table.pointee.cublasLtGetVersion()),
                Self.path(unsafeBitCast(table.pointee.cublasLtGetVersion, to: Pointer.self))
            )
        case .cudnn:
            let table = try CUDALibraries.cudnn()
            return (
                Self.text(table.pointee.cudnnGetVersion()),
                Self.path(unsafeBitCast(table.pointee.cudnnGetVersion, to: Pointer.self))
            )
        case .nccl:
            let table = try CUDALibraries.nccl()
            var version: Int32 = 0
            _ = table.pointee.ncclGetVersion(&version)
            return (Self.text(Int(version)), Self.path(unsafeBitCast(table.pointee.ncclGetVersion, to: Pointer.self)))
        }
    }

    private typealias Pointer = UnsafeMutableRawPointer

    private static func path(_ function: UnsafeMutableRawPointer) -> String? {
        apus_cuda_library_path(function).map { String(cString: $0) }
    }

    /// 92800 is 9.28.0.
    private static func text(_ version: Int) -> String {
        "\(version / 10_000).\(version / 100 % 100).\(version % 100)"
    }
}
