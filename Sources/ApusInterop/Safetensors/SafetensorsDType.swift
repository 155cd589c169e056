/// An element type of the safetensors format; the raw value is its name in the header.
///
/// The cases stand in the order of the reference implementation, which sorts tensors by it, descending, so that those
/// of the largest elements come first and each is aligned. The types of 4 and 6 bits are not supported.
public enum SafetensorsDType: String, Sendable, CaseIterable {
    /// One byte, 0 or 1.
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case float8E5M2 = "F8_E5M2"
    case float8E4M3 = "F8_E4M3"
    case float8E8M0 = "F8_E8M0"
    case int16 = "I16"
    case uint16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case uint32 = "U32"
    case float32 = "F32"
    case complex64 = "C64"
    case float64 = "F64"
    case int64 = "I64"
    case uint64 = "U64"

    /// The size of an element in bytes.
    public var byteCount: Int {
        switch self {
        case .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E8M0: 1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .int32, .uint32, .float32: 4
        case .complex64, .float64, .int64, .uint64: 8
        }
    }

    /// The position in the order of the reference implementation.
    var rank: Int {
        Self.allCases.firstIndex(of: self) ?? 0
    }

    /// The number of bytes of a tensor of `shape`, or nil where a size is negative or the product is no `Int`.
    func byteCount(shape: [Int]) -> Int? {
        var count = byteCount
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            if size < 0 || overflow { return nil }
            count = product
        }
        return count
    }
}
