import ApusCUDA
import ApusGraph
import Synchronization

/// Elements of small tensors on their way to the processor's memory, so that a device which computes by itself need not
/// be waited for: `Tensor.readLater` makes it.
///
/// On the CPU they are there at once.
public final class DeferredElements: Sendable {
    /// The most bytes of the tensors of one call in all, each rounded up to a multiple of 8.
    public static let byteLimit = CUDADeferredRead.byteLimit

    /// Where the elements of a tensor are.
    private enum Place: Sendable {
        case here([UInt8])
        case coming(CUDADeferredRead, index: Int)
    }

    private let specs: [TensorSpec]
    private let places: [Place]
    /// The reads from GPUs, one for each.
    private let reads: [CUDADeferredRead]
    /// What waiting has come to; nil before.
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    /// - Parameters:
    ///   - specs: the tensors.
    ///   - storages: their elements, computed or in the queue of their device. To be called on the thread that runs
    ///     plans.
    init(_ specs: [TensorSpec], _ storages: [Storage]) throws {
        var sources: [Device: [(index: Int, storage: Storage)]] = [:]
        var places: [Place] = []
        for (index, storage) in storages.enumerated() {
            let bytes = UnsafeRawBufferPointer(
                start: storage.pointer, count: storage.device == .cpu ? specs[index].byteCount : 0)
            places.append(.here(Array(bytes)))
            if storage.device != .cpu { sources[storage.device, default: []].append((index, storage)) }
        }
        var reads: [CUDADeferredRead] = []
        for case (.cuda(let number), let group) in sources {
            let gpu = CUDADevice.numbered(number)
            try gpu.context().makeCurrent()
            let read = try gpu.readLater(group.map { ($0.storage, specs[$0.index].byteCount) })
            reads.append(read)
            for (position, source) in group.enumerated() { places[source.index] = .coming(read, index: position) }
        }
        (self.specs, self.places, self.reads) = (specs, places, reads)
    }

    /// Whether the elements are there, or an error: asking for them does not wait then. Never waits.
    public var isReady: Bool {
        reads.allSatisfy { read in
            // What the GPU refuses is thrown when the elements are asked for.
            do { return try read.isReady() } catch { return true }
        }
    }

    /// Waits until the elements are there: for what computes them and what was to be computed before, but for nothing
    /// that was put into the device's queue since.
    ///
    /// Throws `TensorError` where a kernel had met by then what it could not compute with, as reading a tensor does.
    public func wait() throws {
        try outcome.withLock { outcome in
            if outcome == nil { outcome = Result { for read in reads { try Engine.shared.finish(read) } } }
            do { try outcome?.get() } catch { throw error as? TensorError ?? TensorError("read", "\(error)") }
        }
    }

    /// All elements of a tensor as numbers of a Swift type, row-major; waits for them, see ``wait()``.
    ///
    /// - Parameters:
    ///   - index: which tensor, as they were given.
    ///   - type: converted to where the tensor has another type; `Float` by default.
    public func elements<Scalar: TensorScalar>(
        of index: Int = 0, as type: Scalar.Type = Float.self
    ) throws -> [Scalar] {
        try wait()
        let (count, dtype) = (specs[index].shape.elementCount, specs[index].dtype)
        switch places[index] {
        case .here(let bytes):
            return bytes.withUnsafeBytes { $0.elements(as: type, count: count, dtype) }
        case .coming(let read, let position):
            return withExtendedLifetime(read) { read.bytes(of: position).elements(as: type, count: count, dtype) }
        }
    }

    /// The only element of a tensor (`torch.Tensor.item`); waits for it, see ``wait()``.
    ///
    /// Throws `TensorError` where it has more than one element.
    ///
    /// - Parameters:
    ///   - index: which tensor, as they were given.
    ///   - type: converted to where the tensor has another type; `Double` by default.
    public func item<Scalar: TensorScalar>(of index: Int = 0, as type: Scalar.Type = Double.self) throws -> Scalar {
        guard specs[index].shape.elementCount == 1 else { throw TensorError.notOneElement(specs[index].shape) }
        return try elements(of: index, as: type)[0]
    }
}

extension Tensor {
    /// Computes small tensors, and reads their elements without waiting for the device: copies of them are put into its
    /// queue behind the work that computes them, in one go.
    ///
    /// ```swift
    /// let numbers = try Tensor.readLater([loss, correct])
    /// // … the next step is recorded meanwhile …
    /// print(try numbers.item(of: 0), try numbers.item(of: 1, as: Int.self))
    /// ```
    /// PyTorch's `tensor.to("cpu", non_blocking=True)` into pinned memory, with an event behind it.
    ///
    /// - Parameter tensors: at most ``DeferredElements/byteLimit`` bytes in all.
    /// - Throws: `TensorError` where a tensor cannot be computed, or where there is more to read than that. What a GPU
    ///   finds that cannot be computed is thrown when the elements are asked for.
    public static func readLater(_ tensors: [Tensor]) throws -> DeferredElements {
        let byteCount = tensors.reduce(0) { $0 + CUDADeferredRead.takenBytes($1.spec.byteCount) }
        guard byteCount <= DeferredElements.byteLimit else {
            throw TensorError(
                "readLater",
                "\(byteCount) bytes are more than the \(DeferredElements.byteLimit) that are read at once. "
                    + "Use elements().")
        }
        let values = tensors.map(\.value)
        if values.contains(where: { $0.node.isPending || $0.node.isPoisoned }) { try EvaluationHook.evaluate(values) }
        return try Engine.shared.readLater(tensors)
    }
}

extension Engine {
    fileprivate func readLater(_ tensors: [Tensor]) throws -> DeferredElements {
        let storages = try tensors.map { tensor in
            guard let storage = tensor.value.node.storage(of: tensor.value.output) else { throw TensorError.noElements }
            return storage
        }
        // What lies in the processor's memory is read where it is, without going to another thread.
        guard storages.contains(where: { $0.device != .cpu }) else {
            return try DeferredElements(tensors.map(\.spec), storages)
        }
        return try onComputeThread { try DeferredElements(tensors.map(\.spec), storages) }
    }

    /// Waits for a read outside of the lock, so that others use the engine meanwhile, and throws what kernels reported.
    fileprivate func finish(_ read: CUDADeferredRead) throws {
        try read.wait()
        guard read.hasFault else { return }
        try onComputeThread { try read.reportFault() }
    }
}
