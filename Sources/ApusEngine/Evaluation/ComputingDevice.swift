import ApusCPU
import ApusCUDA
import ApusGraph
import ApusPlan
import ApusReference

/// A device as the engine uses it: who plans for it, its memory, and the blocks that all of its plans share.
///
/// Everything is called on the thread that runs plans.
final class ComputingDevice {
    let device: Device
    let compiler: Compiler
    /// Where plans are put into a queue instead of being computed at once.
    let gpu: CUDADevice?
    private var arena: Storage?
    private var scratch: Storage?

    init(_ device: Device, settings: EngineSettings) {
        self.device = device
        switch device {
        case .cpu:
            gpu = nil
            let reference = ReferenceBackend()
            compiler = Compiler(
                backends: settings.usesReferenceOnly ? [reference] : [CPUBackend(), reference], settings: settings)
        case .cuda(let index):
            let gpu = CUDADevice.numbered(index)
            self.gpu = gpu
            compiler = Compiler(backends: [CUDABackend(gpu)], settings: settings)
        }
    }

    /// To be called before each use: the GPU belongs to the calling thread from then on.
    func begin() throws { try gpu?.context().makeCurrent() }

    /// A block of the device's memory, whose contents are undefined.
    func storage(byteCount: Int) throws -> Storage {
        guard let gpu else { return Storage(byteCount: byteCount) }
        return try gpu.context().memory.storage(byteCount: byteCount)
    }

    /// The same contents in this device's memory.
    func receive(_ source: Storage) throws -> Storage {
        guard source.device != device else { return source }
        let local = try source.inProcessorMemory()
        guard let gpu else { return local }
        return try gpu.context().upload(local)
    }

    /// Memory for the intermediate results of any plan, since they run one at a time.
    func arena(_ byteCount: Int) throws -> UnsafeMutableRawPointer { try block(&arena, byteCount) }

    /// Working memory for the steps of any plan.
    func scratch(_ byteCount: Int) throws -> UnsafeMutableRawPointer { try block(&scratch, byteCount) }

    private func block(_ storage: inout Storage?, _ byteCount: Int) throws -> UnsafeMutableRawPointer {
        if let storage, storage.byteCount >= byteCount { return storage.pointer }
        storage = nil
        let larger = try self.storage(byteCount: max(byteCount, 64))
        storage = larger
        return larger.pointer
    }
}

extension Storage {
    /// The same contents where the processor can read them: itself, or a copy of a GPU's memory, for which the GPU's
    /// queue is waited for.
    ///
    /// Throws what kernels have met by then that cannot be computed. To be called on the thread that runs plans.
    func inProcessorMemory() throws -> Storage {
        guard case .cuda(let index) = device else { return self }
        let gpu = CUDADevice.numbered(index)
        try gpu.context().makeCurrent()
        let copy = Storage(byteCount: byteCount)
        try gpu.download(self, to: UnsafeMutableRawBufferPointer(start: copy.pointer, count: byteCount))
        return copy
    }
}
