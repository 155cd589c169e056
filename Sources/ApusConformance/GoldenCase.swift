import ApusGraph
import ApusInterop
import Foundation

/// One case: a call, its inputs, and what PyTorch says must come out.
struct GoldenCase {
    let name: String
    /// `layer`, `function`, `loss`, `optimizer`, …
    let kind: String
    /// The operation by its PyTorch name.
    let operation: String
    let arguments: [String: ArgumentValue]
    let isTraining: Bool
    let tolerance: Tolerance
    private let file: SafetensorsFile

    /// Reads the case at `path`; throws where the file is damaged or lacks what the format demands.
    init(path: String) throws { try self.init(SafetensorsFile(path: path)) }

    init(_ file: SafetensorsFile) throws {
        self.file = file
        func member(_ name: String) throws -> String {
            guard let text = file.metadata[name] else {
                throw CaseProblem.malformed("the metadata has no \"\(name)\"")
            }
            return text
        }
        name = try member("case")
        kind = try member("kind")
        operation = try member("op")
        isTraining = file.metadata["mode"] != "eval"
        tolerance = try Tolerance(
            relative: Self.number(member("rtol"), "rtol"), absolute: Self.number(member("atol"), "atol"))
        guard let arguments = try Self.json(file.metadata["args"] ?? "{}", "args").members else {
            throw CaseProblem.malformed("the metadata's \"args\" is no object")
        }
        self.arguments = arguments
    }

    /// The keyword arguments of the forward call.
    func callArguments() throws -> [String: ArgumentValue] { try json("call")?.members ?? [:] }

    /// A member of the metadata that is itself JSON; nil where it is absent.
    func json(_ name: String) throws -> ArgumentValue? {
        try file.metadata[name].map { try Self.json($0, name) }
    }

    /// The tolerance under other names than `rtol` and `atol`: `prefix` + `rtol`; the case's own where absent.
    func tolerance(prefix: String) throws -> Tolerance {
        func value(_ name: String, _ fallback: Double) throws -> Double {
            try file.metadata[name].map { try Self.number($0, name) } ?? fallback
        }
        return try Tolerance(
            relative: value(prefix + "rtol", tolerance.relative), absolute: value(prefix + "atol", tolerance.absolute))
    }

    // MARK: - Tensors

    /// The tensor of that name, or nil where the case has none.
    func tensor(_ name: String) throws -> Tensor? {
        guard let entry = file.entry(name) else { return nil }
        let dtypes: [SafetensorsDType: DType] = [
            .float32: .float32, .float64: .float64, .int64: .int64, .bool: .bool, .uint8: .uint8,
        ]
        guard let dtype = dtypes[entry.dtype] else {
            throw CaseProblem.malformed("the tensor \"\(name)\" is \(entry.dtype.rawValue), which the format lacks")
        }
        return Tensor(TensorSpec(Shape(entry.shape), dtype, .standard)) { pointer in
            file.withUnsafeBytes(of: entry) { bytes in
                if let base = bytes.baseAddress { pointer.copyMemory(from: base, byteCount: bytes.count) }
            }
        }
    }

    /// The tensor of that name; throws where the case has none.
    func requiredTensor(_ name: String) throws -> Tensor {
        guard let tensor = try tensor(name) else { throw CaseProblem.malformed("there is no tensor \"\(name)\"") }
        return tensor
    }

    /// The tensors `PREFIX0`, `PREFIX1`, … up to the first that is absent.
    func tensors(numbered prefix: String) throws -> [Tensor] {
        var result: [Tensor] = []
        while let next = try tensor(prefix + String(result.count)) { result.append(next) }
        return result
    }

    /// The tensors whose names begin with `prefix`, by the rest of their names.
    func tensors(named prefix: String) throws -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        for entry in file.entries where entry.name.hasPrefix(prefix) {
            result[String(entry.name.dropFirst(prefix.count))] = try requiredTensor(entry.name)
        }
        return result
    }

    /// The names of all tensors.
    var names: [String] { file.entries.map(\.name) }

    /// Whether the case has a tensor of that name.
    func contains(_ name: String) -> Bool { file.entry(name) != nil }

    // MARK: - Texts

    private static func json(_ text: String, _ name: String) throws -> ArgumentValue {
        do {
            return try JSONDecoder().decode(ArgumentValue.self, from: Data(text.utf8))
        } catch {
            throw CaseProblem.malformed("the metadata's \"\(name)\" is not valid JSON: \(text.prefix(80))")
        }
    }

    private static func number(_ text: String, _ name: String) throws -> Double {
        guard let value = Double(text) else {
            throw CaseProblem.malformed("the metadata's \"\(name)\" is no number: \(text.prefix(80))")
        }
        return value
    }
}
