import ApusEngine
import ApusGraph
import ApusInterop
import ApusNN

/// Weights as safetensors files, which PyTorch's `safetensors.torch` reads and writes too:
///
/// ```swift
/// try net.stateDict().write(toSafetensors: "net.safetensors")
/// try net.load(StateDict(safetensors: "net.safetensors"))
/// ```
extension StateDict {
    /// Reads the tensors of the file at `path`, by name.
    ///
    /// - Throws: `SafetensorsError` where the file is missing or damaged, `CheckpointError` for a tensor of a type that
    ///   Apus does not compute with.
    public init(safetensors path: String) throws { try self.init(SafetensorsFile(path: path)) }

    init(_ file: SafetensorsFile) throws {
        self.init(
            try file.entries.map { entry in
                guard let dtype = DType(entry.dtype) else {
                    throw CheckpointError(
                        path: file.path, problem: "the tensor \(entry.name) is \(entry.dtype.rawValue)",
                        hint: "Convert it to F32, F64, I64, U8 or BOOL.")
                }
                return file.withUnsafeBytes(of: entry) { bytes in
                    let tensor = Tensor(TensorSpec(Shape(entry.shape), dtype)) { pointer in
                        UnsafeMutableRawBufferPointer(start: pointer, count: bytes.count).copyMemory(from: bytes)
                    }
                    return (entry.name, tensor)
                }
            })
    }

    /// Writes the tensors to a file at `path`, which is replaced as a whole or not at all; equal tensors and metadata
    /// make equal files.
    ///
    /// - Throws: `SafetensorsError` (`notWritable`), and `TensorError` where a tensor cannot be computed.
    public func write(toSafetensors path: String, metadata: [String: String] = [:]) throws {
        try SafetensorsWriter.write(safetensors(), metadata: metadata, to: path)
    }

    /// The tensors with their bytes.
    ///
    /// Throws `TensorError` where a tensor cannot be computed.
    func safetensors() throws -> [SafetensorsWriter.Tensor] {
        try Tensor.evaluate(map(\.tensor))
        return try map { entry in
            SafetensorsWriter.Tensor(
                name: entry.key, dtype: SafetensorsDType(entry.tensor.dtype), shape: entry.tensor.shape.dimensions,
                bytes: try entry.tensor.withElements { Array($0) })
        }
    }
}

extension SafetensorsDType {
    /// The format's name of a tensor's type.
    init(_ dtype: DType) {
        switch dtype {
        case .bool: self = .bool
        case .uint8: self = .uint8
        case .int64: self = .int64
        case .float32: self = .float32
        case .float64: self = .float64
        }
    }
}

extension DType {
    /// The type of the format's name; nil where tensors have no such type.
    init?(_ dtype: SafetensorsDType) {
        guard let own = Self.allCases.first(where: { SafetensorsDType($0) == dtype }) else { return nil }
        self = own
    }
}
