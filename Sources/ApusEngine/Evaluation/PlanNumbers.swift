import ApusCUDA
import ApusGraph
import ApusPlan

/// The single numbers among the inputs of a GPU's plan: learning rates, positions of the random stream.
///
/// They are made anew in each step. Copied one by one, each into memory of its own, they would cost more than the kernels of
/// a small network, and their ever new addresses would keep the plan from being started as a whole. So all go at once
/// to places that the plan keeps.
final class PlanNumbers {
    /// The bytes of a place, and of the largest input that has one.
    static let size = 64

    private let gpu: CUDADevice
    private let block: Storage
    /// The inputs that results are written over: these need memory that tensors can keep.
    private let overwritten: Set<Int>
    /// What was copied last, so that numbers that are the same are not copied again.
    private var copied: (first: Int, bytes: [UInt8]) = (0, [])

    init(_ gpu: CUDADevice, _ plan: Plan, inputCount: Int) throws {
        self.gpu = gpu
        block = try gpu.context().memory.storage(byteCount: max(inputCount, 1) * Self.size)
        overwritten = Set(
            plan.results.compactMap { result in
                if case .input(let index) = result { index } else { nil }
            })
    }

    /// Whether an input may be copied here.
    func copies(_ input: Int) -> Bool { !overwritten.contains(input) }

    /// Where the plan reads an input that is copied here; nil for one that has memory of its own.
    func place(_ input: Int, of storage: Storage) -> UnsafeMutableRawPointer? {
        storage.device == .cpu ? block.pointer + input * Self.size : nil
    }

    /// Copies the inputs that lie in the processor's memory to their places.
    func copy(_ inputs: [Storage]) throws {
        let here = inputs.indices.filter { inputs[$0].device == .cpu }
        guard let first = here.first, let last = here.last else { return }
        var bytes = [UInt8](repeating: 0, count: (last - first + 1) * Self.size)
        bytes.withUnsafeMutableBytes { target in
            for index in here {
                let source = UnsafeRawBufferPointer(start: inputs[index].pointer, count: inputs[index].byteCount)
                UnsafeMutableRawBufferPointer(rebasing: target[((index - first) * Self.size)...]).copyMemory(
                    from: source)
            }
        }
        guard copied.first != first || copied.bytes != bytes else { return }
        try bytes.withUnsafeBytes { try gpu.context().upload($0, to: block.pointer + first * Self.size) }
        copied = (first, bytes)
    }
}
