/// Random numbers of a distribution, by ``Philox``; element i uses block i / 4 after the stream's position for
/// `float32`, and block i / 2 for the other types.
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
    }

    public static let name = "random"
    public let shape: Shape
    public let distribution: Distribution
    public let dtype: DType

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard shape.dimensions.allSatisfy({ $0 >= 0 }) else {
            throw TensorError(name, "the shape \(shape.brackets) has a negative size.")
        }
        if case .integers(let low, let high) = distribution, low >= high {
            throw TensorError("randint", "there is no integer from \(low) up to, not including, \(high).")
        }
        switch distribution {
        case .uniform(let low, let high) where !(low <= high):
            throw TensorError("uniform", "the bounds \(low) and \(high) are in the wrong order.")
        case .normal(_, let deviation) where !(deviation >= 0):
            throw TensorError("normal", "the standard deviation \(deviation) is negative.")
        default: break
        }
        if case .integers = distribution {
        } else if !dtype.isFloatingPoint {
            throw TensorError(name, "\(dtype) cannot hold numbers of this distribution. Use randint, or a real type.")
        }
        return [TensorSpec(shape, dtype)]
    }

    /// How many numbers a block of four makes.
    public var elementsPerBlock: Int { dtype == .float32 ? 4 : 2 }
}

extension Tensor {
    static func random(
        _ shape: Shape, _ distribution: RandomNumbers.Distribution, _ dtype: DType, _ generator: Generator
    ) -> Tensor {
        let primitive = RandomNumbers(shape: shape, distribution: distribution, dtype: dtype)
        let perBlock = primitive.elementsPerBlock
        let start = generator.reserve(blocks: (Swift.max(shape.elementCount, 0) + perBlock - 1) / perBlock)
        let key = Tensor([Int64(bitPattern: start.seed), Int64(bitPattern: start.position)])
        return record(primitive, key)
    }

    /// Numbers of the standard normal distribution (`torch.randn`).
    public static func randn(_ sizes: Int..., dtype: DType = .float32, generator: Generator = .shared) -> Tensor {
        randn(Shape(sizes), dtype: dtype, generator: generator)
    }
    public static func randn(_ shape: Shape, dtype: DType = .float32, generator: Generator = .shared) -> Tensor {
        normal(shape, mean: 0, standardDeviation: 1, dtype: dtype, generator: generator)
    }

    /// Numbers of a normal distribution (`torch.normal`).
    public static func normal(
        _ shape: Shape, mean: Double, standardDeviation: Double, dtype: DType = .float32,
        generator: Generator = .shared
    ) -> Tensor {
        random(shape, .normal(mean: mean, standardDeviation: standardDeviation), dtype, generator)
    }

    /// Numbers evenly spread over 0 ≤ x < 1 (`torch.rand`).
    public static func rand(_ sizes: Int..., dtype: DType = .float32, generator: Generator = .shared) -> Tensor {
        rand(Shape(sizes), dtype: dtype, generator: generator)
    }
    public static func rand(_ shape: Shape, dtype: DType = .float32, generator: Generator = .shared) -> Tensor {
        uniform(shape, low: 0, high: 1, dtype: dtype, generator: generator)
    }

    /// Numbers evenly spread over low ≤ x < high.
    public static func uniform(
        _ shape: Shape, low: Double, high: Double, dtype: DType = .float32, generator: Generator = .shared
    ) -> Tensor {
        random(shape, .uniform(low: low, high: high), dtype, generator)
    }

    /// Integers, low ≤ x < high (`torch.randint`).
    public static func randint(
        _ low: Int = 0, _ high: Int, _ shape: Shape, dtype: DType = .int64, generator: Generator = .shared
    ) -> Tensor {
        random(shape, .integers(low: low, high: high), dtype, generator)
    }

    public static func randnLike(_ tensor: Tensor) -> Tensor { randn(tensor.shape, dtype: tensor.dtype) }
    public static func randLike(_ tensor: Tensor) -> Tensor { rand(tensor.shape, dtype: tensor.dtype) }
}
