import ApusGraph

/// Ways to fill a parameter before training (`torch.nn.init`).
///
/// Each comes in two forms: one that makes a tensor of a shape, and one that fills a ``Parameter``, keeping its shape
/// and type. All draw from `Generator.shared` unless another is given; ``manualSeed(_:)`` makes them repeat.
public enum Initializer {
    /// Fills a parameter with the tensor that `make` returns for its shape and type.
    static func fill(_ parameter: Parameter, _ make: (Shape, DType) -> Tensor) {
        parameter.data = make(parameter.shape, parameter.dtype)
    }

    /// One value (`constant_`).
    public static func constant(_ parameter: Parameter, _ value: Double) {
        fill(parameter) { .full($0, value, dtype: $1) }
    }

    /// Zeros (`zeros_`).
    public static func zeros(_ parameter: Parameter) { constant(parameter, 0) }

    /// Ones (`ones_`).
    public static func ones(_ parameter: Parameter) { constant(parameter, 1) }

    /// Numbers evenly spread over low ≤ x < high (`uniform_`).
    public static func uniform(
        _ parameter: Parameter, low: Double = 0, high: Double = 1, generator: Generator = .shared
    ) {
        fill(parameter) { .uniform($0, low: low, high: high, dtype: $1, generator: generator) }
    }

    /// Numbers of a normal distribution (`normal_`).
    public static func normal(
        _ parameter: Parameter, mean: Double = 0, standardDeviation: Double = 1, generator: Generator = .shared
    ) {
        fill(parameter) {
            .normal($0, mean: mean, standardDeviation: standardDeviation, dtype: $1, generator: generator)
        }
    }
}
