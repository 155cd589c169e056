import ApusTestSupport
import Testing

@testable import ApusInterop

@Suite("SafetensorsFile")
struct SafetensorsFileTests {
    private func error(_ bytes: [UInt8]) -> SafetensorsError? {
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(bytes: bytes, name: "sample") }
    }

    @Test func readsWhatTheFormatDescribes() throws {
        let a = member("a", "U8", [2], 0, 2)
        let b = member("b", "F32", [1, 2], 2, 10)
        let data: [UInt8] = [7, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]
        let bytes = safetensors("{\(b),\"__metadata__\":{\"k\":\"v\"},\(a)}", data: data)
        let file = try SafetensorsFile(bytes: bytes, name: "sample")
        #expect(file.entries.map(\.name) == ["a", "b"])
        #expect(file.metadata == ["k": "v"])
        #expect(file.entry("b")?.shape == [1, 2])
        #expect(file.entry("c") == nil)
        #expect(try file.elements(of: "a", dtype: .uint8) == [7, 8] as [UInt8])
        // The tensor begins at an odd multiple of two bytes: the elements are copied, not cast in place.
        #expect(try file.elements(of: "b", dtype: .float32) == [1, -2] as [Float])
    }

    @Test(arguments: ["{}", "{ }", "{}   \n", "{\"__metadata__\":{}}"])
    func emptyFiles(json: String) throws {
        let file = try SafetensorsFile(bytes: safetensors(json), name: "sample")
        #expect(file.entries.isEmpty && file.metadata.isEmpty)
    }

    @Test func whiteSpaceIsAllowed() throws {
        let json = """
            { "a" : { "shape" : [ 1 ,\t2 ] ,
              "data_offsets" : [ 0 , 2 ] , "dtype" : "I8" } }
            """
        let file = try SafetensorsFile(bytes: safetensors(json, data: [1, 2]), name: "sample")
        #expect(file.entry("a") == .init(name: "a", dtype: .int8, shape: [1, 2], range: 0..<2))
    }

    @Test func namesAreUnescaped() throws {
        let json = #"{"__metadata__":{"\"\\\/\b\f\n\r\t":"\u00e4\u20AC\ud83d\uDE00é"}}"#
        let file = try SafetensorsFile(bytes: safetensors(json), name: "sample")
        #expect(file.metadata == ["\"\\/\u{8}\u{c}\n\r\t": "ä€😀é"])
    }

    @Test func everyTruncationThrows() throws {
        let bytes = try SafetensorsWriter.encode(sampleTensors(), metadata: ["a": "b"])
        for length in 0..<bytes.count {
            #expect(error(Array(bytes[..<length]))?.reason == .truncated, "\(length) of \(bytes.count) bytes")
        }
        #expect(error(bytes + [0])?.reason == .oversized)
    }

    /// A flipped bit is refused, or gives a file that is valid by itself: it never traps, and never reads outside.
    @Test func bitFlipsAreRefusedOrConsistent() throws {
        let bytes = try SafetensorsWriter.encode(sampleTensors(), metadata: ["a": "b"])
        var refused = 0
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            do {
                let file = try SafetensorsFile(bytes: flipped, name: "flipped")
                for entry in file.entries {
                    let count = file.withUnsafeBytes(of: entry) { $0.reduce(0) { count, _ in count + 1 } }
                    #expect(count == entry.dtype.byteCount * entry.shape.reduce(1, *))
                }
            } catch is SafetensorsError {
                refused += 1
            }
        }
        // The eight bytes of the length alone must be right in every bit but those that shorten the padding.
        #expect(refused > 60)
    }

    @Test(arguments: [0, 1, 100_000_001, 1 << 32, .max] as [UInt64])
    func headerLengthIsBounded(length: UInt64) {
        #expect(error(safetensors("{}", length: length))?.reason == .headerLength)
    }

    @Test(arguments: [3, 1_000, 100_000_000] as [UInt64])
    func headerLengthBeyondTheFile(length: UInt64) {
        #expect(error(safetensors("{}", length: length))?.reason == .truncated)
    }

    @Test(arguments: [
        " {}", "[]", "{ ", "}}", "{}{}", "{},", "{\"a\"}", "{\"a\":}", "{\"a\":1}", "{\"a\":null}", "{\"a\":[]}",
        "{\"a\":{}}", "{,}", "{'a':{}}", "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":{\"a\":{}}}",
        "{\"__metadata__\":null}", "{\"__metadata__\":{\"a\":\"b\",}}", "{\"__metadata__\":{\"a\" \"b\"}}",
        "{\"__metadata__\":{\"a\":\"b}}", "{\"__metadata__\":{\"a\n\":\"b\"}}", "{\"__metadata__\":{\"\\x\":\"b\"}}",
        "{\"__metadata__\":{\"\\ud800\":\"\"}}", "{\"__metadata__\":{\"\\udc00\":\"\"}}",
        "{\"__metadata__\":{\"\\ud800\\ud800\":\"\"}}", "{\"__metadata__\":{\"\\u12g4\":\"\"}}", "{} \0",
    ])
    func invalidJSON(json: String) {
        #expect(error(safetensors(json))?.reason == .headerSyntax)
    }

    @Test func invalidUTF8() {
        var bytes = safetensors("{\"__metadata__\":{\"a\":\"b\"}}")
        bytes[8 + 18] = 0xff
        let error = error(bytes)
        #expect(error?.reason == .headerSyntax)
        #expect(error?.problem.contains("not UTF-8") == true)
    }

    @Test(arguments: [
        "[-1]", "[1.0]", "[1e0]", "[01]", "[+1]", "[ ]x", "[1", "[1,]", "[\"1\"]", "[99999999999999999999]", "1",
        "[[1]]", "[true]", "[NaN]",
    ])
    func invalidShapes(shape: String) {
        let json = "{\"a\":{\"dtype\":\"U8\",\"shape\":\(shape),\"data_offsets\":[0,1]}}"
        #expect(error(safetensors(json, data: [0]))?.reason == .headerSyntax)
    }

    @Test(arguments: [
        "\"dtype\":\"U8\",\"shape\":[1]", "\"dtype\":\"U8\",\"data_offsets\":[0,1]",
        "\"shape\":[1],\"data_offsets\":[0,1]", "\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]",
        "\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]",
        "\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":1",
    ])
    func fieldsMustBeComplete(fields: String) {
        #expect(error(safetensors("{\"a\":{\(fields)}}", data: [0]))?.reason == .headerSyntax)
    }

    @Test func deepAndLongHeadersAreRefused() {
        #expect(error(safetensors(String(repeating: "{\"a\":", count: 100_000)))?.reason == .headerSyntax)
        let ones = Array(repeating: 1, count: 65)
        #expect(error(safetensors("{\(member("a", "U8", ones, 0, 1))}", data: [0]))?.reason == .headerSyntax)
    }

    @Test func duplicateNames() {
        let one = member("a", "U8", [1], 0, 1)
        let two = member("a", "U8", [1], 1, 2)
        #expect(error(safetensors("{\(one),\(two)}", data: [0, 0]))?.reason == .duplicateName)
        let escaped = two.replacing("\"a\"", with: "\"\\u0061\"")
        #expect(error(safetensors("{\(one),\(escaped)}", data: [0, 0]))?.reason == .duplicateName)
        let metadata = "\"__metadata__\":{}"
        #expect(error(safetensors("{\(metadata),\(metadata)}"))?.reason == .duplicateName)
        #expect(error(safetensors("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}"))?.reason == .duplicateName)
        let field = "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"
        #expect(error(safetensors(field, data: [0]))?.reason == .duplicateName)
    }

    @Test func contradictionsInATensor() {
        let unknown = error(safetensors("{\(member("a", "F31", [1], 0, 4))}", data: [0, 0, 0, 0]))
        #expect(unknown?.reason == .invalidTensor)
        #expect(unknown?.problem.contains("F31") == true && unknown?.problem.contains("F32") == true)
        let long = error(safetensors("{\(member("a", "F32", [2], 0, 4))}", data: [0, 0, 0, 0]))
        #expect(long?.problem == "tensor \"a\" has 4 bytes, but F32 of shape [2] takes 8")
        let scalar = error(safetensors("{\(member("a", "U8", [], 0, 0))}"))
        #expect(scalar?.reason == .invalidTensor)
    }

    @Test(arguments: [[.max, 2], [1 << 32, 1 << 32], [1 << 62, 4, 0], [.max]] as [[Int]])
    func overflowingShapes(shape: [Int]) {
        let error = error(safetensors("{\(member("a", "F32", shape, 0, 0))}"))
        #expect(error?.reason == .invalidTensor)
        #expect(error?.problem.contains("too large") == true)
    }

    @Test func offsetsMustCoverTheData() {
        let data: [UInt8] = [0, 0, 0, 0]
        let a = member("a", "U8", [2], 0, 2)
        let overlap = error(safetensors("{\(a),\(member("b", "U8", [3], 1, 4))}", data: data))
        #expect(overlap?.reason == .invalidOffsets)
        #expect(overlap?.problem.contains("overlaps") == true)
        let hole = error(safetensors("{\(a),\(member("b", "U8", [1], 3, 4))}", data: data))
        #expect(hole?.reason == .invalidOffsets)
        #expect(hole?.problem.contains("hole") == true)
        #expect(error(safetensors("{\(member("a", "U8", [3], 1, 4))}", data: data))?.reason == .invalidOffsets)
        #expect(error(safetensors("{\(a),\(member("b", "U8", [2], 0, 2))}", data: data))?.reason == .invalidOffsets)
        #expect(error(safetensors("{\(member("a", "U8", [2], 2, 0))}", data: data))?.reason == .invalidOffsets)
        #expect(error(safetensors("{\(a)}", data: data))?.reason == .oversized)
        #expect(error(safetensors("{\(member("a", "U8", [5], 0, 5))}", data: data))?.reason == .truncated)
        // An empty tensor in the middle of another one.
        let whole = member("a", "U8", [4], 0, 4)
        let inside = member("b", "U8", [0], 1, 1)
        #expect(error(safetensors("{\(whole),\(inside)}", data: data))?.reason == .invalidOffsets)
    }

    @Test func booleansMustBeZeroOrOne() {
        let error = error(safetensors("{\(member("a", "BOOL", [2], 0, 2))}", data: [1, 2]))
        #expect(error?.reason == .invalidBool)
    }

    @Test func askingForTheWrongTensor() throws {
        let file = try SafetensorsFile(bytes: safetensors("{\(member("a", "U8", [1], 0, 1))}", data: [5]), name: "f")
        let missing = #expect(throws: SafetensorsError.self) {
            try file.elements(of: "b", dtype: .uint8, as: UInt8.self)
        }
        #expect(missing?.description == "f: there is no tensor \"b\". The file may belong to another model.")
        let other = #expect(throws: SafetensorsError.self) {
            try file.elements(of: "a", dtype: .float32, as: Float.self)
        }
        #expect(other?.reason == .invalidTensor)
    }

    @Test func missingFilesAndFolders() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: folder.path + "/absent") }
        #expect(missing?.reason == .notFound)
        #expect(missing?.exitCode == 66)
        let notAFile = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: folder.path) }
        #expect(notAFile?.reason == .notReadable)
        let empty = try folder.write([], to: "empty.safetensors")
        let truncated = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: empty) }
        #expect(truncated?.reason == .truncated)
        #expect(truncated?.exitCode == 65)
    }
}
