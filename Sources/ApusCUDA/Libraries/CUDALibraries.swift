import CCUDA
import Foundation

/// The libraries of CUDA, each loaded when it is first needed.
///
/// A library is looked for in `APUS_CUDA_PATH` (folders, separated by colons, and folders in which wheels of PyPI were
/// unpacked), then where the system looks, then in the folders of CUDA's installers and of PyPI's `nvidia-*` wheels. Of
/// several versions the newest that the driver knows is taken.
public enum CUDALibraries {
    /// A table of entry points, which is never written to, or why there is none.
    private struct Loaded<Table>: @unchecked Sendable {
        private let table: UnsafePointer<Table>?
        private let error: CUDAError?

        init(_ load: () throws -> UnsafePointer<Table>) {
            do {
                table = try load()
                error = nil
            } catch {
                table = nil
                self.error = error as? CUDAError ?? CUDAError("\(error)")
            }
        }

        func get() throws -> UnsafePointer<Table> {
            guard let table else { throw error ?? CUDAError("a library of CUDA could not be loaded.") }
            return table
        }
    }

    private static let loadedDriver = Loaded { try startedDriver() }
    private static let loadedNVRTC = Loaded { try load(.nvrtc, apus_nvrtc_load) }
    private static let loadedCUBLASLt = Loaded { try load(.cublasLt, apus_cublaslt_load) }
    private static let loadedCUDNN = Loaded { try load(.cudnn, apus_cudnn_load) }
    private static let loadedNCCL = Loaded { try load(.nccl, apus_nccl_load) }

    /// The newest version of CUDA that the driver knows, such as 12080 for 12.8; nil without a driver. Needs no GPU.
    static let driverVersion: Int? = {
        var missing: UnsafePointer<CChar>?
        guard let found = try? CUDALibrary.driver.open(majors: []),
            let driver = apus_driver_load(found.handle, &missing)
        else { return nil }
        var version: Int32 = 0
        guard driver.pointee.cuDriverGetVersion(&version) == 0, version > 0 else { return nil }
        return Int(version)
    }()

    /// The major versions of CUDA whose code the driver can load, newest first; all without a driver.
    static var supportedMajors: [Int] {
        guard let driverVersion else { return CUDALibrary.majors }
        return CUDALibrary.majors.filter { $0 <= driverVersion / 1000 }
    }

    /// The driver, started; throws where there is none, or no GPU.
    static func driver() throws -> UnsafePointer<ApusDriver> { try loadedDriver.get() }
    static func nvrtc() throws -> UnsafePointer<ApusNVRTC> { try loadedNVRTC.get() }
    static func cublasLt() throws -> UnsafePointer<ApusCUBLASLt> { try loadedCUBLASLt.get() }
    static func cudnn() throws -> UnsafePointer<ApusCUDNN> { try loadedCUDNN.get() }
    static func nccl() throws -> UnsafePointer<ApusNCCL> { try loadedNCCL.get() }

    private static func startedDriver() throws -> UnsafePointer<ApusDriver> {
        let driver = try load(.driver, apus_driver_load)
        guard !supportedMajors.isEmpty else {
            throw CUDAError(
                "the CUDA driver knows CUDA \(driverVersion.map(versionText) ?? "?") only, Apus needs 12.0.")
        }
        let result = driver.pointee.cuInit(0)
        guard result == 0 else { throw CUDAError("the CUDA driver finds no GPU: \(driver.name(of: result)).") }
        return driver
    }

    /// 12080 as CUDA writes it: 12.8.
    static func versionText(_ version: Int) -> String { "\(version / 1000).\(version % 1000 / 10)" }

    private static func load<Table>(
        _ library: CUDALibrary,
        _ read: (UnsafeMutableRawPointer, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> UnsafePointer<Table>?
    ) throws -> UnsafePointer<Table> {
        let found = try library.open()
        var missing: UnsafePointer<CChar>?
        guard let table = read(found.handle, &missing) else {
            let symbol = missing.map { String(cString: $0) } ?? "?"
            throw CUDAError("\(found.path) lacks \(symbol): it is too old. \(library.advice)")
        }
        return table
    }
}

extension UnsafePointer<ApusDriver> {
    /// The driver's name of a result, such as `CUDA_ERROR_OUT_OF_MEMORY`, and its text.
    func name(of result: Int32) -> String {
        var name: UnsafePointer<CChar>?
        var text: UnsafePointer<CChar>?
        _ = pointee.cuGetErrorName(result, &name)
        _ = pointee.cuGetErrorString(result, &text)
        return [name, text].compactMap { $0.map { String(cString: $0) } }.joined(separator: ", ")
    }

    /// Throws where the driver refused.
    func check(_ result: Int32, _ what: String) throws {
        guard result != 0 else { return }
        throw CUDAError("the GPU could not \(what): \(name(of: result))")
    }
}
