import ApusGraph
import CCUDA
import Synchronization

/// One NVIDIA GPU by its number, opened when it is first needed.
///
/// Plans can be made for a device that is not there; running them throws.
public final class CUDADevice: Sendable {
    public let index: Int
    private let opened = Mutex<Result<CUDAContext, CUDAError>?>(nil)
    /// What the codes of faults mean.
    private let faults = Mutex(FaultMessages())

    private struct FaultMessages {
        var messages: [Int: @Sendable ([Int]) -> TensorError] = [:]
        var last = 0
    }

    private static let devices = Mutex<[Int: CUDADevice]>([:])

    /// The device of that number; one object for each.
    public static func numbered(_ index: Int) -> CUDADevice {
        devices.withLock { devices in
            if let known = devices[index] { return known }
            let device = CUDADevice(index)
            devices[index] = device
            return device
        }
    }

    private init(_ index: Int) { self.index = index }

    /// The open device; throws a ``CUDAError`` that says why there is none.
    public func context() throws -> CUDAContext {
        try opened.withLock { opened in
            if let opened { return try opened.get() }
            let result: Result<CUDAContext, CUDAError>
            do {
                result = .success(try CUDAContext(index))
            } catch let error as CUDAError {
                result = .failure(error)
            }
            opened = result
            return try result.get()
        }
    }

    /// The open device, or nil where there is none: for what only makes plans better.
    var contextIfPresent: CUDAContext? { try? context() }

    /// A code by which a kernel reports that it met something that cannot be computed (`apus_fault`).
    ///
    /// - Parameter message: makes the error of the three numbers that the kernel gives.
    func faultCode(_ message: @escaping @Sendable ([Int]) -> TensorError) -> FaultCode {
        let number = faults.withLock { faults in
            faults.last += 1
            faults.messages[faults.last] = message
            return faults.last
        }
        return FaultCode(number, of: self)
    }

    fileprivate func forgetFault(_ number: Int) { faults.withLock { $0.messages[number] = nil } }

    /// Copies a block's first bytes to the processor's memory, once they are computed.
    ///
    /// Throws the error that a kernel has reported since the last call, if any.
    public func download(_ source: Storage, to target: UnsafeMutableRawBufferPointer) throws {
        if let fault = try context().download(source, to: target) { throw error(of: fault) }
    }

    /// Puts copies of blocks' first bytes to the processor's memory into the queue, at most
    /// ``CUDADeferredRead/byteLimit`` bytes in all.
    public func readLater(_ sources: [(storage: Storage, byteCount: Int)]) throws -> CUDADeferredRead {
        try CUDADeferredRead(sources, from: self)
    }

    func error(of fault: ApusFault) -> TensorError {
        let values = [fault.values.0, fault.values.1, fault.values.2].map { Int($0) }
        guard let message = faults.withLock({ $0.messages[Int(fault.code)] }) else {
            return TensorError(
                "cuda", "a plan that is gone met a value that it could not compute with (fault \(fault.code)).")
        }
        return message(values)
    }
}

/// The code of what a kernel may meet that it cannot compute with; it has a meaning as long as this object lives, which
/// the step's closure holds.
final class FaultCode: Sendable {
    let number: Int
    private let device: CUDADevice

    fileprivate init(_ number: Int, of device: CUDADevice) { (self.number, self.device) = (number, device) }

    deinit { device.forgetFault(number) }
}
