import ApusInterop
import ApusNN
import CZlib

/// Safetensors files with a checksum over tensors and metadata, which finds a flipped bit that leaves the format whole.
///
/// The metadata's `crc32` is the CRC-32 of zlib (ISO 3309, as gzip and PNG use it), of: each metadata entry but itself,
/// sorted by key, as key, 0, value, 0; then each tensor, sorted by name, as name, 0, and its bytes.
enum CheckedSafetensors {
    private static let key = "crc32"

    /// Writes the tensors to the file at `path`, which is replaced as a whole or not at all.
    ///
    /// Throws `SafetensorsError` (`notWritable`), and `TensorError` where a tensor cannot be computed.
    static func write(_ state: StateDict, metadata: [String: String], to path: String) throws {
        let tensors = try state.safetensors()
        var sum = Checksum(metadata)
        for tensor in tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            tensor.bytes.withUnsafeBytes { sum.add(name: tensor.name, $0) }
        }
        var metadata = metadata
        metadata[key] = sum.text
        try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
    }

    /// Reads the file at `path`, and verifies its checksum if it has one.
    ///
    /// Files of other programs have none. Throws `SafetensorsError` where the file is missing or damaged, and
    /// `CheckpointError` where the checksum is another.
    static func read(_ path: String) throws -> SafetensorsFile {
        let file = try SafetensorsFile(path: path)
        guard let expected = file.metadata[key] else { return file }
        var sum = Checksum(file.metadata.filter { $0.key != key })
        for entry in file.entries.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            file.withUnsafeBytes(of: entry) { sum.add(name: entry.name, $0) }
        }
        guard sum.text == expected else {
            throw CheckpointError(
                path: path, problem: "the checksum is \(sum.text), the file says \(expected)",
                hint: "The file is damaged: fetch it again, or use another checkpoint.")
        }
        return file
    }

    private struct Checksum {
        private var value = crc32(0, nil, 0)

        init(_ metadata: [String: String]) {
            for (key, text) in metadata.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                add(Array(key.utf8) + [0] + Array(text.utf8) + [0])
            }
        }

        var text: String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }

        mutating func add(name: String, _ bytes: UnsafeRawBufferPointer) {
            add(Array(name.utf8) + [0])
            add(bytes)
        }

        private mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

        private mutating func add(_ bytes: UnsafeRawBufferPointer) {
            // zlib counts in 32 bits.
            let step = 1 << 30
            for start in stride(from: 0, to: bytes.count, by: step) {
                let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + step, bytes.count)])
                value = crc32(value, part.bindMemory(to: UInt8.self).baseAddress, UInt32(part.count))
            }
        }
    }
}
