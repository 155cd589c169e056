import ApusGraph
import CCUDA
import Synchronization

/// CUDA C++ of one subject; ``KernelPrelude`` stands before it.
///
/// Kernels are `extern "C" __global__` functions. Types come in by macros, one compilation for each choice of them, so
/// that a source is written once: `T` for the type of the elements, by custom.
struct KernelSource: Sendable {
    /// The name in messages, and of the file in the cache.
    let name: String
    let code: String
}

/// A kernel of a source with chosen types; it is compiled when it first runs.
final class CUDAKernel: Sendable {
    let source: KernelSource
    let name: String
    /// The macros that are defined before the source, by name.
    let macros: [String: String]
    private let functions = Mutex<[Int: Function]>([:])

    private struct Function: @unchecked Sendable {
        let pointer: ApusCUfunction
    }

    /// - Parameters:
    ///   - types: macros that stand for element types, such as `["T": .float32]`.
    ///   - macros: further macros.
    init(_ source: KernelSource, _ name: String, types: [String: DType] = [:], macros: [String: String] = [:]) {
        self.source = source
        self.name = name
        self.macros = macros.merging(types.mapValues(\.cudaName)) { _, type in type }
        Self.observer?(self)
    }

    /// Is told of each kernel that is made, for tests that compile all of them.
    @TaskLocal static var observer: (@Sendable (CUDAKernel) -> Void)?

    /// The whole text that the compiler gets.
    var text: String {
        let definitions = macros.sorted { $0.key < $1.key }.map { "#define \($0.key) \($0.value)\n" }.joined()
        return KernelPrelude.code + definitions + source.code
    }

    /// Puts one thread for each of `count` elements, or a loop over them (`APUS_LOOP`), into the device's queue.
    func launch(on device: CUDADevice, count: Int, _ arguments: KernelArgument...) throws {
        guard count > 0 else { return }
        let block = 256
        // Enough blocks to fill any GPU some times over; APUS_LOOP goes over the rest.
        let grid = min((count + block - 1) / block, 65_536)
        try launch(on: device, grid: (grid, 1, 1), block: (block, 1, 1), sharedBytes: 0, arguments)
    }

    /// Puts `blocks` blocks of `threads` threads into the device's queue.
    func launch(
        on device: CUDADevice, blocks: Int, threads: Int, sharedBytes: Int = 0, _ arguments: KernelArgument...
    ) throws {
        guard blocks > 0 else { return }
        try launch(on: device, grid: (blocks, 1, 1), block: (threads, 1, 1), sharedBytes: sharedBytes, arguments)
    }

    /// Puts a grid of blocks into the device's queue.
    func launch(
        on device: CUDADevice, grid: (x: Int, y: Int, z: Int), block: (x: Int, y: Int, z: Int), sharedBytes: Int,
        _ arguments: [KernelArgument]
    ) throws {
        let context = try device.context()
        let function = try function(in: context)
        try context.launch(function, grid: grid, block: block, sharedBytes: sharedBytes, arguments)
    }

    private func function(in context: CUDAContext) throws -> ApusCUfunction {
        if let known = functions.withLock({ $0[context.index] }) { return known.pointer }
        let pointer = try context.function(of: self)
        functions.withLock { $0[context.index] = Function(pointer: pointer) }
        return pointer
    }
}

/// What a kernel takes by value.
enum KernelArgument {
    /// Memory of the GPU, as steps get their operands.
    case address(UnsafeMutableRawPointer)
    /// `int64`
    case int(Int)
    /// `float`
    case float(Float)
    /// `double`
    case double(Double)
    /// `Dimensions`
    case dimensions(ApusDimensions)
    /// A structure of so many members of 8 bytes (`int64`, pointers); all parameters together may have 4,096 bytes.
    case words([Int])
    /// `Fault*`, followed by the `int64` code of what may go wrong (see ``CUDADevice/faultCode(_:)``): two parameters.
    case fault(FaultCode)
}

extension ApusDimensions {
    /// The sizes of a shape with the given strides, in elements.
    ///
    /// Throws where there are more dimensions than kernels take.
    init(_ sizes: [Int], strides: [Int], of operation: String) throws {
        guard sizes.count <= Int(APUS_CUDA_MAX_RANK) else {
            throw TensorError(
                operation, "\(sizes.count) dimensions are more than the \(APUS_CUDA_MAX_RANK) that CUDA kernels take.")
        }
        self.init()
        rank = Int64(sizes.count)
        withUnsafeMutableBytes(of: &self.sizes) { bytes in
            for (index, size) in sizes.enumerated() {
                bytes.storeBytes(of: Int64(size), toByteOffset: 8 * index, as: Int64.self)
            }
        }
        withUnsafeMutableBytes(of: &self.strides) { bytes in
            for (index, stride) in strides.enumerated() {
                bytes.storeBytes(of: Int64(stride), toByteOffset: 8 * index, as: Int64.self)
            }
        }
    }
}

extension DType {
    /// The type in CUDA C++.
    var cudaName: String {
        switch self {
        case .bool: "bool"
        case .uint8: "uint8"
        case .int64: "int64"
        case .float32: "float"
        case .float64: "double"
        }
    }
}
