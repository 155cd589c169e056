extension Tensor {
    private static func random(
        _ shape: Shape, _ distribution: RandomNumbers.Distribution, _ dtype: DType, _ generator: Generator
    ) -> Tensor {
        let primitive = RandomNumbers(shape: shape, distribution: distribution, dtype: dtype)
        let elements = shape.dimensions.contains { $0 < 0 } ? 0 : shape.elementCount
        return record(
            primitive,
            streamKey(generator, elements: elements, perBlock: primitive.elementsPerBlock, on: Device.standard))
    }

    /// Reserves the blocks of a stream that `elements` elements use, and returns the seed and where they start.
    static func streamKey(_ generator: Generator, elements: Int, perBlock: Int, on device: Device) -> Tensor {
        let start = generator.reserve(blocks: (elements + perBlock - 1) / perBlock)
        return Tensor([Int64(bitPattern: start.seed), Int64(bitPattern: start.position)]).moved(to: device)
    }

    /// Numbers of the standard normal distribution (`torch.randn`): → [sizes].
    ///
    /// - Parameters:
    ///   - sizes: the sizes of the result.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func randn(_ sizes: Int..., dtype: DType = .float32, generator: Generator = .shared) -> Tensor {
        randn(Shape(sizes), dtype: dtype, generator: generator)
    }
    /// Numbers of the standard normal distribution (`torch.randn`): → `shape`; a negative size is an error.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func randn(_ shape: Shape, dtype: DType = .float32, generator: Generator = .shared) -> Tensor {
        normal(shape, mean: 0, standardDeviation: 1, dtype: dtype, generator: generator)
    }

    /// Numbers of a normal distribution (`torch.normal`): → `shape`; a negative standard deviation is an error.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result.
    ///   - mean: its mean.
    ///   - standardDeviation: its standard deviation.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func normal(
        _ shape: Shape, mean: Double, standardDeviation: Double, dtype: DType = .float32,
        generator: Generator = .shared
    ) -> Tensor {
        random(shape, .normal(mean: mean, standardDeviation: standardDeviation), dtype, generator)
    }

    /// Numbers evenly spread over 0 ≤ x < 1 (`torch.rand`): → [sizes].
    ///
    /// - Parameters:
    ///   - sizes: the sizes of the result.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func rand(_ sizes: Int..., dtype: DType = .float32, generator: Generator = .shared) -> Tensor {
        rand(Shape(sizes), dtype: dtype, generator: generator)
    }
    /// Numbers evenly spread over 0 ≤ x < 1 (`torch.rand`): → `shape`; a negative size is an error.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func rand(_ shape: Shape, dtype: DType = .float32, generator: Generator = .shared) -> Tensor {
        uniform(shape, low: 0, high: 1, dtype: dtype, generator: generator)
    }

    /// Numbers evenly spread over low ≤ x < high (`torch.Tensor.uniform_`): → `shape`; low > high is an error.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result.
    ///   - low: the least number.
    ///   - high: what all are below.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func uniform(
        _ shape: Shape, low: Double, high: Double, dtype: DType = .float32, generator: Generator = .shared
    ) -> Tensor {
        random(shape, .uniform(low: low, high: high), dtype, generator)
    }

    /// Integers, low ≤ x < high (`torch.randint`): → `shape`; low ≥ high is an error.
    ///
    /// - Parameters:
    ///   - low: the least number; `0` by default.
    ///   - high: what all are below.
    ///   - shape: the sizes of the result.
    ///   - dtype: the type of the elements; `.int64` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func randint(
        _ low: Int = 0, _ high: Int, _ shape: Shape, dtype: DType = .int64, generator: Generator = .shared
    ) -> Tensor {
        random(shape, .integers(low: low, high: high), dtype, generator)
    }

    /// The numbers 0 ..< count in random order, `int64` (`torch.randperm`): → [count]; a negative count is an error.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func randperm(_ count: Int, generator: Generator = .shared) -> Tensor {
        guard count >= 0 else {
            return refuse(TensorError("randperm", "the count \(count) is negative. Expected 0 or more."))
        }
        return Tensor(generator.permutation(count))
    }

    /// 1 with probability `p`, else 0 (`torch.Tensor.bernoulli_`): → `shape`; p outside of 0 … 1 is an error.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result.
    ///   - p: the probability; `0.5` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func bernoulli(
        _ shape: Shape, p: Double = 0.5, dtype: DType = .float32, generator: Generator = .shared
    ) -> Tensor {
        random(shape, .bernoulli(probability: p), dtype, generator)
    }

    /// 1 with the probability that each element is, else 0, in the same shape and type (`torch.bernoulli`): [*] → [*].
    ///
    /// Elements below 0 count as 0, and those above 1 as 1; NaN gives 0. Integers are an error.
    ///
    /// - Parameters:
    ///   - generator: the source of random numbers; `.shared` by default.
    public func bernoulli(generator: Generator = .shared) -> Tensor {
        guard dtype.isFloatingPoint else {
            return .refuse(
                TensorError("bernoulli", "the probabilities are \(dtype). Cast them to .float32."), like: [self])
        }
        return (Tensor.rand(shape, dtype: dtype, generator: generator) .< detach()).cast(to: dtype)
    }

    /// Numbers of the standard normal distribution in the shape and type of another tensor (`torch.randn_like`): [*] →
    /// [*].
    ///
    /// - Parameters:
    ///   - tensor: what the shape and type are taken from.
    public static func randnLike(_ tensor: Tensor) -> Tensor { randn(tensor.shape, dtype: tensor.dtype) }
    /// Numbers evenly spread over 0 ≤ x < 1 in the shape and type of another tensor (`torch.rand_like`): [*] → [*].
    ///
    /// - Parameters:
    ///   - tensor: what the shape and type are taken from.
    public static func randLike(_ tensor: Tensor) -> Tensor { rand(tensor.shape, dtype: tensor.dtype) }
}
