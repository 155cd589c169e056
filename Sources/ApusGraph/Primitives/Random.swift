/// Random numbers of a distribution, by ``Philox``; element i uses block i / 4 after the stream's position for
/// `float32` and for Bernoulli's distribution, and block i / 2 for the other types.
///
/// Input: the stream's seed and position as `int64` [2], an input so that a new position needs no new plan.
/// Shape rule: the attribute. No gradient.
public struct RandomNumbers: Primitive {
    public enum Distribution: Sendable, Hashable {
        /// low ≤ x < high
        case uniform(low: Double, high: Double)
        /// By the method of Box and Muller (1958).
        case normal(mean: Double, standardDeviation: Double)
        /// Integers, low ≤ x < high.
        case integers(low: Int, high: Int)
        /// 1 with the given probability, else 0.
        case bernoulli(probability: Double)
    }

    public static let name = "random"
    public let shape: Shape
    public let distribution: Distribution
    public let dtype: DType

    public init(shape: Shape, distribution: Distribution, dtype: DType) {
        (self.shape, self.distribution, self.dtype) = (shape, distribution, dtype)
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard shape.dimensions.allSatisfy({ $0 >= 0 }) else {
            throw TensorError(name, "the shape \(shape.brackets) has a negative size.")
        }
        switch distribution {
        case .integers(let low, let high) where low >= high:
            throw TensorError("randint", "there is no integer from \(low) up to, not including, \(high).")
        case .bernoulli(let probability) where !(probability >= 0 && probability <= 1):
            throw TensorError("bernoulli", "the probability p is \(probability). Expected 0 to 1.")
        case .uniform(let low, let high) where !(low <= high):
            throw TensorError("uniform", "the bounds \(low) and \(high) are in the wrong order.")
        case .normal(_, let deviation) where !(deviation >= 0):
            throw TensorError("normal", "the standard deviation \(deviation) is negative.")
        default: break
        }
        switch distribution {
        case .integers, .bernoulli: break
        case .uniform, .normal:
            guard dtype.isFloatingPoint else {
                throw TensorError(
                    name, "\(dtype) cannot hold numbers of this distribution. Use randint, or a real type.")
            }
        }
        return [TensorSpec(shape, dtype, inputs[0].device)]
    }

    /// How many numbers a block of four makes.
    public var elementsPerBlock: Int {
        if case .bernoulli = distribution { return 4 }
        return dtype == .float32 ? 4 : 2
    }

    /// What a number of 32 bits lies below with a probability of 0 … 1: 0 to 2³².
    public static func threshold(_ probability: Double) -> UInt64 { UInt64((probability * 0x1p32).rounded()) }
}
