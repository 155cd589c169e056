/// Writes safetensors files.
///
/// The same tensors and metadata always give the same bytes: metadata is sorted by key, tensors by dtype (those of the
/// largest elements first) and then by name, both bytewise, as the reference implementation does.
public enum SafetensorsWriter {
    /// A tensor to write.
    public struct Tensor: Sendable {
        /// The name, as `conv.0.weight`.
        public let name: String
        /// The element type.
        public let dtype: SafetensorsDType
        /// The shape, outermost first; [] is a scalar.
        public let shape: [Int]
        /// The elements, row-major, little-endian.
        public let bytes: [UInt8]

        /// Creates a tensor from its bytes.
        public init(name: String, dtype: SafetensorsDType, shape: [Int], bytes: [UInt8]) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
            self.bytes = bytes
        }

        /// Creates a tensor from its elements.
        ///
        /// - Precondition: `Element` has the size of `dtype`.
        public init<Element: BitwiseCopyable>(
            name: String, dtype: SafetensorsDType, shape: [Int], elements: [Element]
        ) {
            precondition(
                MemoryLayout<Element>.stride == dtype.byteCount,
                "SafetensorsWriter: \(Element.self) is no \(dtype.rawValue)")
            self.init(
                name: name, dtype: dtype, shape: shape, bytes: elements.withUnsafeBytes { Array($0) })
        }
    }

    /// Writes `tensors` and `metadata` to the file at `path`, which is replaced as a whole or not at all
    /// (`AtomicFile`).
    ///
    /// - Throws: `SafetensorsError`: `duplicateName`, `invalidTensor` where the bytes are not those of dtype and shape,
    ///   `invalidBool`, `headerLength` above the format's limit, and `notWritable`.
    public static func write(_ tensors: [Tensor], metadata: [String: String] = [:], to path: String) throws {
        let (header, sorted) = try prepare(tensors, metadata: metadata, path: path)
        do {
            try AtomicFile.write(to: path) { file in
                try file.write(header)
                for tensor in sorted { try file.write(tensor.bytes) }
            }
        } catch let error as AtomicFile.WriteError {
            throw SafetensorsError(path: path, reason: .notWritable, problem: error.problem)
        }
    }

    /// The content of the file that `write` would write; messages call it `name`.
    public static func encode(
        _ tensors: [Tensor], metadata: [String: String] = [:], name: String = "safetensors"
    ) throws -> [UInt8] {
        let (header, sorted) = try prepare(tensors, metadata: metadata, path: name)
        return sorted.reduce(into: header) { $0.append(contentsOf: $1.bytes) }
    }

    /// Checks and sorts the tensors and makes the header.
    private static func prepare(
        _ tensors: [Tensor], metadata: [String: String], path: String
    ) throws -> (header: [UInt8], sorted: [Tensor]) {
        let sorted = tensors.sorted {
            if $0.dtype != $1.dtype { return $0.dtype.rank > $1.dtype.rank }
            return $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        }
        var names: Set<String> = [SafetensorsHeader.metadataKey]
        var entries: [SafetensorsHeader.Entry] = []
        var position = 0
        for tensor in sorted {
            guard names.insert(tensor.name).inserted else {
                throw SafetensorsError(
                    path: path, reason: .duplicateName,
                    problem: tensor.name == SafetensorsHeader.metadataKey
                        ? "a tensor cannot be named \"\(tensor.name)\"" : "two tensors are named \"\(tensor.name)\"")
            }
            try check(tensor, path: path)
            entries.append(
                .init(
                    name: tensor.name, dtype: tensor.dtype, shape: tensor.shape,
                    range: position..<position + tensor.bytes.count))
            position += tensor.bytes.count
        }
        let header = SafetensorsHeader(entries: entries, metadata: metadata).encoded()
        guard header.count - 8 <= SafetensorsHeader.largestByteCount else {
            throw SafetensorsError(
                path: path, reason: .headerLength,
                problem: "the header would take \(header.count - 8) bytes, more than the format's limit of "
                    + "\(SafetensorsHeader.largestByteCount)")
        }
        return (header, sorted)
    }

    private static func check(_ tensor: Tensor, path: String) throws {
        guard tensor.shape.count <= SafetensorsHeader.largestRank,
            tensor.dtype.byteCount(shape: tensor.shape) == tensor.bytes.count
        else {
            throw SafetensorsError(
                path: path, reason: .invalidTensor,
                problem: "tensor \"\(tensor.name)\" has \(tensor.bytes.count) bytes, which is not "
                    + "\(tensor.dtype.rawValue) of shape \(tensor.shape)")
        }
        guard tensor.dtype != .bool || tensor.bytes.allSatisfy({ $0 <= 1 }) else {
            throw SafetensorsError(
                path: path, reason: .invalidBool, problem: "tensor \"\(tensor.name)\" (BOOL) has bytes over 1")
        }
    }
}
