import ApusTestSupport
import Testing

@testable import ApusInterop

@Suite("SafetensorsWriter")
struct SafetensorsWriterTests {
    private func error(_ tensors: [SafetensorsWriter.Tensor]) -> SafetensorsError? {
        #expect(throws: SafetensorsError.self) { try SafetensorsWriter.encode(tensors) }
    }

    @Test func roundTrip() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model.safetensors"
        let metadata = ["model": "lenet", "classes": "[\"T-shirt/top\"]", "odd": "\u{1}\u{7f}\n\\é😀", "": ""]
        try SafetensorsWriter.write(sampleTensors(), metadata: metadata, to: path)
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == metadata)
        #expect(file.entries.count == sampleTensors().count)
        for tensor in sampleTensors() {
            let entry = try #require(file.entry(tensor.name))
            #expect(entry.dtype == tensor.dtype)
            #expect(entry.shape == tensor.shape)
            #expect(file.withUnsafeBytes(of: entry) { Array($0) } == tensor.bytes)
        }
        #expect(try file.elements(of: "mask", dtype: .bool) == [true, false, true])
        #expect(try file.elements(of: "counter", dtype: .int64) == [-7] as [Int64])
        #expect(try file.elements(of: "empty", dtype: .float32) == [] as [Float])
    }

    @Test func exactBytes() throws {
        let bytes = try SafetensorsWriter.encode(
            [
                .init(name: "b", dtype: .uint8, shape: [2], bytes: [1, 2]),
                .init(name: "a", dtype: .uint8, shape: [], bytes: [3]),
                .init(name: "w", dtype: .float32, shape: [1, 1], elements: [1] as [Float]),
            ], metadata: ["z": "1", "format": "pt"])
        let json =
            #"{"__metadata__":{"format":"pt","z":"1"},"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"#
            + #""a":{"dtype":"U8","shape":[],"data_offsets":[4,5]},"#
            + #""b":{"dtype":"U8","shape":[2],"data_offsets":[5,7]}}"#
        let padded = json + String(repeating: " ", count: (8 - json.utf8.count % 8) % 8)
        #expect(bytes == safetensors(padded, data: [0, 0, 0x80, 0x3f, 3, 1, 2]))
    }

    @Test func orderOfTheInputDoesNotMatter() throws {
        let metadata = Dictionary(uniqueKeysWithValues: (0..<50).map { ("key\($0)", "\($0)") })
        let expected = try SafetensorsWriter.encode(sampleTensors(), metadata: metadata)
        for _ in 0..<20 {
            #expect(try SafetensorsWriter.encode(sampleTensors().shuffled(), metadata: metadata) == expected)
        }
    }

    @Test func everyTensorIsAligned() throws {
        let file = try SafetensorsFile(bytes: SafetensorsWriter.encode(sampleTensors()), name: "sample")
        #expect(file.entries.map(\.name) == ["counter", "loss", "bias", "empty", "weight", "pixels", "mask"])
        for entry in file.entries { #expect(entry.range.lowerBound % entry.dtype.byteCount == 0) }
        #expect(file.header.encoded().count % 8 == 0)
    }

    @Test func everyDTypeIsWrittenAndRead() throws {
        let tensors = SafetensorsDType.allCases.map {
            SafetensorsWriter.Tensor(
                name: $0.rawValue, dtype: $0, shape: [3], bytes: Array(repeating: 1, count: 3 * $0.byteCount))
        }
        let file = try SafetensorsFile(bytes: SafetensorsWriter.encode(tensors), name: "sample")
        #expect(file.entries.map(\.name) == SafetensorsDType.allCases.reversed().map(\.rawValue))
    }

    @Test func contradictionsAreRefused() {
        let one = SafetensorsWriter.Tensor(name: "a", dtype: .uint8, shape: [1], bytes: [1])
        #expect(error([one, one])?.reason == .duplicateName)
        #expect(error([.init(name: "__metadata__", dtype: .uint8, shape: [1], bytes: [1])])?.reason == .duplicateName)
        #expect(error([.init(name: "a", dtype: .uint8, shape: [2], bytes: [1])])?.reason == .invalidTensor)
        #expect(error([.init(name: "a", dtype: .uint8, shape: [-1, -1], bytes: [1])])?.reason == .invalidTensor)
        #expect(error([.init(name: "a", dtype: .uint8, shape: [.max, 2, 0], bytes: [])])?.reason == .invalidTensor)
        #expect(error([.init(name: "a", dtype: .bool, shape: [1], bytes: [2])])?.reason == .invalidBool)
    }

    @Test func nothingIsWrittenWhenTensorsAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1, 2, 3], to: "model.safetensors")
        #expect(throws: SafetensorsError.self) {
            try SafetensorsWriter.write([.init(name: "a", dtype: .uint8, shape: [2], bytes: [1])], to: path)
        }
        #expect(try folder.files() == ["model.safetensors"])
        #expect(try folder.read("model.safetensors") == [1, 2, 3])
    }

    @Test func unwritablePlacesAreTold() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: SafetensorsError.self) {
            try SafetensorsWriter.write(sampleTensors(), to: folder.path + "/absent/model.safetensors")
        }
        #expect(error?.reason == .notWritable)
        #expect(error?.exitCode == 1)
        #expect(error?.description.contains("No such file or directory") == true)
    }
}
