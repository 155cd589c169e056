/// The header of a safetensors file: which tensors lie where, and free metadata.
///
/// The format: 8 bytes header length (little-endian), the header as one JSON object, the data. The object has a member
/// a tensor, `"NAME":{"dtype":"F32","shape":[2,3],"data_offsets":[BEGIN,END]}`, with offsets from the start of the
/// data, and at most one member `"__metadata__"` with strings only. The tensors cover the data without hole and
/// overlap. Source: the format's description in the safetensors project.
public struct SafetensorsHeader: Sendable, Equatable {
    /// A tensor's entry.
    public struct Entry: Sendable, Equatable {
        /// The name, as `conv.0.weight`.
        public let name: String
        /// The element type.
        public let dtype: SafetensorsDType
        /// The shape, outermost first; [] is a scalar, and a size may be 0.
        public let shape: [Int]
        /// Where the elements lie, in bytes from the start of the data; row-major, little-endian.
        public let range: Range<Int>

        /// Creates an entry; `range` must have as many bytes as `dtype` and `shape` say.
        public init(name: String, dtype: SafetensorsDType, shape: [Int], range: Range<Int>) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
            self.range = range
        }
    }

    /// The largest header that is accepted, 100 MB: the limit of the format.
    public static let largestByteCount = 100_000_000

    /// The largest number of dimensions that is accepted: that of PyTorch and NumPy.
    static let largestRank = 64

    static let metadataKey = "__metadata__"

    /// The tensors in the order of their data.
    public let entries: [Entry]
    /// The metadata, empty where there is none.
    public let metadata: [String: String]

    /// Creates a header of `entries`, which must be in the order of their data.
    public init(entries: [Entry], metadata: [String: String]) {
        self.entries = entries
        self.metadata = metadata
    }

    /// The number of data bytes that the entries cover.
    public var dataByteCount: Int {
        entries.last?.range.upperBound ?? 0
    }

    /// Reads and checks the header JSON.
    ///
    /// - Parameters:
    ///   - json: the header without its length.
    ///   - path: the file, for messages.
    /// - Throws: `SafetensorsError`: `headerSyntax`, `duplicateName`, `invalidTensor` for an unknown dtype or where
    ///   dtype, shape and offsets contradict each other, `invalidOffsets` for holes and overlaps.
    public init(json: UnsafeRawBufferPointer, path: String) throws {
        guard json.first == UInt8(ascii: "{") else {
            throw SafetensorsError(path: path, reason: .headerSyntax, problem: "the header does not begin with {")
        }
        var parser = SafetensorsHeaderParser(path: path)
        do {
            var reader = HeaderJSONReader(json)
            try reader.readObject { try parser.readMember(key: $1, from: &$0) }
            try reader.expectEnd()
        } catch let error as HeaderJSONReader.SyntaxError {
            throw SafetensorsError(
                path: path, reason: .headerSyntax,
                problem: "the header is not valid at byte \(error.position): \(error.message)")
        }
        entries = try Self.sorted(parser.entries, path: path)
        metadata = parser.metadata ?? [:]
    }

    /// The header as it stands at the beginning of a file: its length, the JSON, and spaces up to a multiple of 8
    /// bytes, so that the data is aligned. Metadata comes first, in the order of its keys.
    public func encoded() -> [UInt8] {
        var members: [(name: String, value: String)] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { (name: $0.key, value: JSONText.quoted($0.value)) }
            members.append((Self.metadataKey, JSONText.object(pairs)))
        }
        for entry in entries {
            let value = JSONText.object([
                ("dtype", JSONText.quoted(entry.dtype.rawValue)), ("shape", JSONText.array(entry.shape)),
                ("data_offsets", JSONText.array([entry.range.lowerBound, entry.range.upperBound])),
            ])
            members.append((entry.name, value))
        }
        var json = Array(JSONText.object(members).utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) }
        return length + json
    }

    /// The entries in the order of their data; checks that they cover it without hole and overlap.
    private static func sorted(_ entries: [Entry], path: String) throws -> [Entry] {
        // By begin, then end: an empty tensor stands before the one that begins at the same place.
        let sorted = entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        var end = 0
        for entry in sorted {
            guard entry.range.lowerBound == end else {
                let what = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a hole before it"
                throw SafetensorsError(
                    path: path, reason: .invalidOffsets,
                    problem: "tensor \"\(entry.name)\" begins at byte \(entry.range.lowerBound) and \(what), "
                        + "which ends at byte \(end)")
            }
            end = entry.range.upperBound
        }
        return sorted
    }
}
