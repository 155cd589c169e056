/// Collects the members of a safetensors header while it is read, and checks each by itself.
struct SafetensorsHeaderParser {
    let path: String
    private(set) var entries: [SafetensorsHeader.Entry] = []
    private(set) var metadata: [String: String]?
    private var names: Set<String> = []

    init(path: String) {
        self.path = path
    }

    /// Reads the value of the member `key` of the header's object.
    mutating func readMember(key: String, from reader: inout HeaderJSONReader) throws {
        if key == SafetensorsHeader.metadataKey {
            guard metadata == nil else { throw duplicate(key) }
            metadata = try readMetadata(from: &reader)
        } else {
            guard names.insert(key).inserted else { throw duplicate(key) }
            entries.append(try readEntry(name: key, from: &reader))
        }
    }

    private func readMetadata(from reader: inout HeaderJSONReader) throws -> [String: String] {
        var result: [String: String] = [:]
        try reader.readObject { reader, key in
            guard result.updateValue(try reader.readString(), forKey: key) == nil else { throw duplicate(key) }
        }
        return result
    }

    private func readEntry(name: String, from reader: inout HeaderJSONReader) throws -> SafetensorsHeader.Entry {
        var dtypeName: String?
        var shape: [Int]?
        var offsets: [Int]?
        try reader.readObject { reader, key in
            switch key {
            case "dtype" where dtypeName == nil: dtypeName = try reader.readString()
            case "shape" where shape == nil: shape = try reader.readIntegers(limit: SafetensorsHeader.largestRank)
            case "data_offsets" where offsets == nil: offsets = try reader.readIntegers(limit: 2)
            case "dtype", "shape", "data_offsets": throw duplicate("\(name).\(key)")
            default: throw reader.error("tensor \"\(name)\" has the unknown field \"\(key)\"")
            }
        }
        guard let dtypeName, let shape, let offsets, offsets.count == 2 else {
            throw reader.error("tensor \"\(name)\" lacks dtype, shape or two data_offsets")
        }
        guard let dtype = SafetensorsDType(rawValue: dtypeName) else {
            let known = SafetensorsDType.allCases.map(\.rawValue).joined(separator: ", ")
            throw invalid(name, "has the dtype \"\(dtypeName)\"; supported are \(known)")
        }
        guard let byteCount = dtype.byteCount(shape: shape) else {
            throw invalid(name, "has the shape \(shape), too large for any file")
        }
        guard offsets[0] <= offsets[1] else {
            throw SafetensorsError(
                path: path, reason: .invalidOffsets,
                problem: "tensor \"\(name)\" ends at byte \(offsets[1]), before its begin at byte \(offsets[0])")
        }
        guard offsets[1] - offsets[0] == byteCount else {
            throw invalid(
                name, "has \(offsets[1] - offsets[0]) bytes, but \(dtypeName) of shape \(shape) takes \(byteCount)")
        }
        return .init(name: name, dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
    }

    private func duplicate(_ key: String) -> SafetensorsError {
        SafetensorsError(path: path, reason: .duplicateName, problem: "\"\(key)\" stands twice in the header")
    }

    private func invalid(_ name: String, _ what: String) -> SafetensorsError {
        SafetensorsError(path: path, reason: .invalidTensor, problem: "tensor \"\(name)\" \(what)")
    }
}
