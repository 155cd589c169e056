import ApusGraph

/// The types in CUDA C++ of elements that are moved as they are, so that a few types serve all.
enum ElementBits {
    /// The unsigned type of a size: 1, 2, 4, 8 or 16 bytes.
    static func name(byteCount: Int) -> String {
        switch byteCount {
        case 1: "unsigned char"
        case 2: "unsigned short"
        case 4: "unsigned int"
        case 8: "unsigned long long"
        default: "uint4"
        }
    }

    /// The unsigned type that holds the positions of `count` elements: dividing is much faster in 32 bits.
    static func indexName(count: Int) -> String { count < 1 << 31 ? "unsigned int" : "unsigned long long" }
}

extension DType {
    /// The unsigned type in CUDA C++ that has the size of an element.
    var bitsName: String { ElementBits.name(byteCount: byteCount) }

    /// The bits of a number as the type holds it: rounded, or cut toward zero for integers, which keep their low bits.
    func bits(of value: Double) -> Int {
        switch self {
        case .float32: Int(Float(value).bitPattern)
        case .float64: Int(bitPattern: UInt(value.bitPattern))
        case .int64: Int(Int64(truncating: value))
        case .uint8: Int(UInt8(truncatingIfNeeded: Int64(truncating: value)))
        case .bool: value != 0 ? 1 : 0
        }
    }

    /// The bits of an integer as the type holds it; a smaller type keeps its low bits, `bool` whether it is not 0.
    func bits(of value: Int64) -> Int {
        switch self {
        case .float32: Int(Float(value).bitPattern)
        case .float64: Int(bitPattern: UInt(Double(value).bitPattern))
        case .int64: Int(value)
        case .uint8: Int(UInt8(truncatingIfNeeded: value))
        case .bool: value != 0 ? 1 : 0
        }
    }
}

extension Shape {
    /// The coordinates of a position in row-major order.
    func coordinates(ofFlat position: Int) -> [Int] {
        var rest = position
        var result = dimensions
        for dimension in dimensions.indices.reversed() {
            result[dimension] = rest % dimensions[dimension]
            rest /= dimensions[dimension]
        }
        return result
    }
}
