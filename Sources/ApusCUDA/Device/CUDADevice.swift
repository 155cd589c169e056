import ApusGraph
import CCUDA
import Synchronization

/// One NVIDIA GPU by its number, opened when it is first needed.
///
/// Plans can be made for a device that is not there; running them throws.
public final class CUDADevice: Sendable {
    public let index: Int
    private let opened = Mutex<Result<CUDAContext, CUDAError>?>(nil)
    /// What the codes of faults mean, from 1 on.
    private let faults = Mutex<[@Sendable ([Int]) -> TensorError]>([])

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
    func faultCode(_ message: @escaping @Sendable ([Int]) -> TensorError) -> Int {
        faults.withLock { faults in
            faults.append(message)
            return faults.count
        }
    }

    /// The error that a kernel has reported since the last call, if any; waits for the queue.
    public func takeFault() throws -> TensorError? {
        guard let fault = try context().takeFault() else { return nil }
        let values = [fault.values.0, fault.values.1, fault.values.2].map { Int($0) }
        return faults.withLock { faults in
            let place = Int(fault.code) - 1
            guard faults.indices.contains(place) else {
                return TensorError("cuda", "a kernel reported the unknown fault \(fault.code); this is an error of Apus.")
            }
            return faults[place](values)
        }
    }
}
