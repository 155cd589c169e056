/// A tensor of one value.
///
/// Shape rule: the attribute. No inputs, no gradient.
public struct Fill: Primitive {
    public static let name = "full"
    public let shape: Shape
    public let value: Double
    /// The value where it is an integer that double precision does not hold.
    public let integer: Int64?
    public let dtype: DType
    public private(set) var device: Device

    public init(_ shape: Shape, _ value: some TensorScalar, _ dtype: DType, _ device: Device = .cpu) {
        self.device = device
        self.shape = shape
        self.value = value.asDouble
        self.dtype = dtype
        let isExact = !dtype.isInteger || Int64(exactly: self.value) == value.asInt64
        integer = type(of: value).defaultDType == .int64 && !isExact ? value.asInt64 : nil
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard shape.dimensions.allSatisfy({ $0 >= 0 }) else {
            throw TensorError(name, "the shape \(shape.brackets) has a negative size.")
        }
        return [TensorSpec(shape, dtype, device)]
    }
}

extension Fill: Constant {
    func on(_ device: Device) -> any Primitive {
        var moved = self
        moved.device = device
        return moved
    }
}

extension Fill {
    /// By the bits of the value: −0 is another number than 0, and NaN the same as itself.
    public static func == (left: Fill, right: Fill) -> Bool {
        left.shape == right.shape && left.dtype == right.dtype && left.device == right.device
            && left.integer == right.integer
            && left.value.bitPattern == right.value.bitPattern
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(shape)
        hasher.combine(dtype)
        hasher.combine(device)
        hasher.combine(value.bitPattern)
        hasher.combine(integer)
    }
}

/// Evenly spaced numbers: start, start + step, … as long as they are before `end`.
///
/// Shape rule: [⌈(end − start) / step⌉]. No inputs, no gradient.
public struct Arange: Primitive {
    public static let name = "arange"
    public let start: Double
    public let end: Double
    public let step: Double
    public let dtype: DType
    public var device = Device.cpu

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard step != 0, (end - start) / step >= 0, ((end - start) / step).isFinite else {
            throw TensorError(
                name, "no numbers lead from \(start) to \(end) in steps of \(step). The step must point to the end.")
        }
        return [TensorSpec([Int(((end - start) / step).rounded(.up))], dtype, device)]
    }
}

extension Arange: Constant {
    func on(_ device: Device) -> any Primitive {
        Arange(start: start, end: end, step: step, dtype: dtype, device: device)
    }
}
