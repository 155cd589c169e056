import ApusGraph

/// Ways to fill a parameter before training (`torch.nn.init`).
///
/// Each comes in two forms: one that makes a tensor of a shape, and one that fills a ``Parameter``, keeping its shape
/// and type. All draw from `Generator.shared` unless another is given; ``/ApusGraph/manualSeed(_:)`` makes them repeat.
public enum Initializer {
    /// Fills a parameter with the tensor that `make` returns for its shape and type.
    static func fill(_ parameter: Parameter, _ make: (Shape, DType) -> Tensor) {
        parameter.data = make(parameter.shape, parameter.dtype)
    }

    /// One value (`torch.nn.init.constant_`).
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - value: each element.
    public static func constant(_ parameter: Parameter, _ value: Double) {
        fill(parameter) { .full($0, value, dtype: $1) }
    }

    /// Zeros (`torch.nn.init.zeros_`).
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    public static func zeros(_ parameter: Parameter) { constant(parameter, 0) }

    /// Ones (`torch.nn.init.ones_`).
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    public static func ones(_ parameter: Parameter) { constant(parameter, 1) }

    /// Numbers evenly spread over low ≤ x < high (`torch.nn.init.uniform_`).
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - low: the least number; `0` by default.
    ///   - high: the largest number; `1` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func uniform(
        _ parameter: Parameter, low: Double = 0, high: Double = 1, generator: Generator = .shared
    ) {
        fill(parameter) { .uniform($0, low: low, high: high, dtype: $1, generator: generator) }
    }

    /// Numbers of a normal distribution (`torch.nn.init.normal_`).
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - mean: the mean of the distribution; `0` by default.
    ///   - standardDeviation: that of the numbers; `1` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func normal(
        _ parameter: Parameter, mean: Double = 0, standardDeviation: Double = 1, generator: Generator = .shared
    ) {
        fill(parameter) {
            .normal($0, mean: mean, standardDeviation: standardDeviation, dtype: $1, generator: generator)
        }
    }
}
