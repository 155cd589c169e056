/// Reads the JSON (RFC 8259) of a safetensors header token by token.
///
/// Foundation's parser loses the order of keys and accepts a key twice. The header needs objects of known form, strings
/// and whole numbers only; reading tokens instead of building a tree bounds depth and memory by construction.
struct HeaderJSONReader {
    /// What is wrong, and at which byte of the header.
    struct SyntaxError: Error {
        let message: String
        let position: Int
    }

    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Reads an object: `member` is called with each key, and must read its value.
    mutating func readObject(_ member: (inout HeaderJSONReader, String) throws -> Void) throws {
        try expect("{")
        if skip("}") { return }
        repeat {
            let key = try readString()
            try expect(":")
            try member(&self, key)
        } while skip(",")
        try expect("}")
    }

    /// Reads an array of whole numbers of at most `limit` elements.
    mutating func readIntegers(limit: Int) throws -> [Int] {
        try expect("[")
        if skip("]") { return [] }
        var numbers: [Int] = []
        repeat {
            guard numbers.count < limit else { throw error("more than \(limit) numbers in an array") }
            numbers.append(try readInteger())
        } while skip(",")
        try expect("]")
        return numbers
    }

    /// Reads a whole number of 0 or more, without sign, fraction and exponent.
    mutating func readInteger() throws -> Int {
        skipSpace()
        let start = position
        var value = 0
        while let byte = peek(), isDigit(byte) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            if overflow || carry { throw error("a number is larger than \(Int.max)") }
            value = sum
            position += 1
        }
        guard position > start else { throw error("a whole number of 0 or more is expected") }
        if position - start > 1 && bytes[start] == UInt8(ascii: "0") { throw error("a number begins with 0") }
        if let byte = peek(), byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") {
            throw error("a whole number of 0 or more is expected")
        }
        return value
    }

    /// Reads a string, with its escapes resolved.
    mutating func readString() throws -> String {
        try expect("\"")
        var text: [UInt8] = []
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                // Validated here: repairing would let two different names become one.
                guard let string = String(validating: text, as: UTF8.self) else { throw error("a string is not UTF-8") }
                position += 1
                return string
            case UInt8(ascii: "\\"):
                position += 1
                try appendEscape(to: &text)
            case 0..<0x20:
                throw error("a control character in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw error("the header ends in the middle of a string")
    }

    /// Demands that nothing but white space is left.
    mutating func expectEnd() throws {
        skipSpace()
        if position < bytes.count { throw error("something follows the object") }
    }

    /// An error at the current position.
    func error(_ message: String) -> SyntaxError {
        SyntaxError(message: message, position: position)
    }

    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        if !skip(character) { throw error("\(character) is expected") }
    }

    /// Reads what follows a backslash.
    private mutating func appendEscape(to text: inout [UInt8]) throws {
        guard let byte = peek() else { throw error("the header ends in the middle of a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(Character(try readUnicodeEscape())).utf8)
        default: throw error("an unknown escape in a string")
        }
    }

    /// Reads the digits of `\uXXXX`, and of the second half of a surrogate pair.
    private mutating func readUnicodeEscape() throws -> Unicode.Scalar {
        let first = try readFourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // A high surrogate 0xD800...0xDBFF needs the low one 0xDC00...0xDFFF behind it (RFC 8259, section 7).
        guard first < 0xdc00, peek() == UInt8(ascii: "\\") else { throw error("half a surrogate pair in a string") }
        position += 1
        guard peek() == UInt8(ascii: "u") else { throw error("half a surrogate pair in a string") }
        position += 1
        let second = try readFourHexDigits()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw error("half a surrogate pair in a string") }
        return scalar
    }

    private mutating func readFourHexDigits() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("four hexadecimal digits are expected")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
