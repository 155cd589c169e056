/// The type of a tensor's elements.
///
/// The order of the cases is PyTorch's order of promotion: the result of an operation on two tensors has the later of
/// their types (`torch.promote_types` restricted to these five).
public enum DType: UInt8, Sendable, Hashable, Comparable, CaseIterable {
    case bool
    case uint8
    case int64
    case float32
    case float64

    /// The size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .bool, .uint8: 1
        case .float32: 4
        case .int64, .float64: 8
        }
    }

    /// Whether the type is `float32` or `float64`; only such tensors carry gradients.
    public var isFloatingPoint: Bool { self >= .float32 }

    /// Whether the type is `uint8` or `int64`.
    public var isInteger: Bool { self == .uint8 || self == .int64 }

    public static func < (left: DType, right: DType) -> Bool { left.rawValue < right.rawValue }
}

extension DType: CustomStringConvertible {
    /// PyTorch's name without its module: `float32`, `int64`, `bool` …
    public var description: String {
        switch self {
        case .bool: "bool"
        case .uint8: "uint8"
        case .int64: "int64"
        case .float32: "float32"
        case .float64: "float64"
        }
    }
}

/// A Swift number (or truth value) that a tensor can hold.
public protocol TensorScalar: Sendable, Hashable {
    /// The element type of a tensor made of such values, as PyTorch would choose it: `Double` literals make `float32`.
    static var defaultDType: DType { get }
    var asDouble: Double { get }
    var asInt64: Int64 { get }
}

extension Float: TensorScalar {
    public static var defaultDType: DType { .float32 }
    public var asDouble: Double { Double(self) }
    public var asInt64: Int64 { Int64(saturating: Double(self)) }
}

extension Double: TensorScalar {
    public static var defaultDType: DType { .float32 }
    public var asDouble: Double { self }
    public var asInt64: Int64 { Int64(saturating: self) }
}

extension Int: TensorScalar {
    public static var defaultDType: DType { .int64 }
    public var asDouble: Double { Double(self) }
    public var asInt64: Int64 { Int64(self) }
}

extension Int64: TensorScalar {
    public static var defaultDType: DType { .int64 }
    public var asDouble: Double { Double(self) }
    public var asInt64: Int64 { self }

    /// The whole part of `value`; `Int64.min` for NaN and for what does not fit, as x86 processors and so PyTorch's
    /// casts have it.
    public init(truncating value: Double) {
        self = value >= -0x1p63 && value < 0x1p63 ? Int64(value) : .min
    }

    /// The integer nearest to zero of `value`; the bounds of `Int64` beyond them, 0 for NaN.
    public init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= 9.223372036854775e18 {
            self = .max
        } else if value <= -9.223372036854775e18 {
            self = .min
        } else {
            self = Int64(value)
        }
    }
}

extension UInt8: TensorScalar {
    public static var defaultDType: DType { .uint8 }
    public var asDouble: Double { Double(self) }
    public var asInt64: Int64 { Int64(self) }
}

extension Bool: TensorScalar {
    public static var defaultDType: DType { .bool }
    public var asDouble: Double { self ? 1 : 0 }
    public var asInt64: Int64 { self ? 1 : 0 }
}
