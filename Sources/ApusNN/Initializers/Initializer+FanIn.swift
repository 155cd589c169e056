import ApusGraph

extension Initializer {
    /// Which number of connections keeps its variance: forward (inputs of a unit) or backward (its outputs).
    public enum FanMode: Sendable, Hashable {
        case fanIn
        case fanOut
    }

    /// The numbers of inputs and outputs of a unit whose weight is [out, in, kernel sizes …].
    ///
    /// Fewer than two dimensions are an error.
    static func fans(_ shape: Shape, _ operation: String) throws(TensorError) -> (fanIn: Int, fanOut: Int) {
        guard shape.rank >= 2 else {
            throw TensorError(
                operation,
                "fan in and fan out are not defined for \(shape.brackets). A weight has two or more "
                    + "dimensions: [out, in, …].")
        }
        let field = shape.dimensions.dropFirst(2).reduce(1, *)
        return (shape.dimensions[1] * field, shape.dimensions[0] * field)
    }

    /// Numbers evenly spread over ±gain · √(6 / (fan in + fan out)) (`torch.nn.init.xavier_uniform_`; Glorot & Bengio
    /// 2010).
    ///
    /// A shape of fewer than two dimensions is an error (see ``/ApusGraph/withTensorErrors(_:)``), as for the others
    /// below.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result, [out, in, kernel sizes …] for a weight.
    ///   - gain: a factor, as ``Nonlinearity/gain`` says it; `1` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func xavierUniform(
        _ shape: Shape, gain: Double = 1, dtype: DType = .float32, generator: Generator = .shared
    ) -> Tensor {
        .checked { () throws(TensorError) in
            let fans = try fans(shape, "xavier_uniform")
            let bound = gain * (6 / Double(max(fans.fanIn + fans.fanOut, 1))).squareRoot()
            return .uniform(shape, low: -bound, high: bound, dtype: dtype, generator: generator)
        }
    }

    /// Normal numbers of standard deviation gain · √(2 / (fan in + fan out)) (`torch.nn.init.xavier_normal_`; Glorot &
    /// Bengio 2010).
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result, [out, in, kernel sizes …] for a weight.
    ///   - gain: a factor, as ``Nonlinearity/gain`` says it; `1` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func xavierNormal(
        _ shape: Shape, gain: Double = 1, dtype: DType = .float32, generator: Generator = .shared
    ) -> Tensor {
        .checked { () throws(TensorError) in
            let fans = try fans(shape, "xavier_normal")
            let deviation = gain * (2 / Double(max(fans.fanIn + fans.fanOut, 1))).squareRoot()
            return .normal(shape, mean: 0, standardDeviation: deviation, dtype: dtype, generator: generator)
        }
    }

    /// Numbers evenly spread over ±gain · √(3 / fan) (`torch.nn.init.kaiming_uniform_`; He et al. 2015).
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result, [out, in, kernel sizes …] for a weight.
    ///   - mode: which number of connections keeps its variance; `.fanIn` by default.
    ///   - nonlinearity: the function that follows, which sets the gain; PyTorch's default is leaky ReLU of slope 0,
    ///     and `.leakyReLU(slope: a)` stands for PyTorch's `a`; `.leakyReLU(slope: 0)` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func kaimingUniform(
        _ shape: Shape, mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .leakyReLU(slope: 0),
        dtype: DType = .float32, generator: Generator = .shared
    ) -> Tensor {
        .checked { () throws(TensorError) in
            let bound = try 3.0.squareRoot() * kaimingDeviation(shape, mode, nonlinearity, "kaiming_uniform")
            return .uniform(shape, low: -bound, high: bound, dtype: dtype, generator: generator)
        }
    }

    /// Normal numbers of standard deviation gain / √fan (`torch.nn.init.kaiming_normal_`; He et al. 2015).
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result, [out, in, kernel sizes …] for a weight.
    ///   - mode: which number of connections keeps its variance; `.fanIn` by default.
    ///   - nonlinearity: the function that follows, which sets the gain; PyTorch's default is leaky ReLU of slope 0,
    ///     and `.leakyReLU(slope: a)` stands for PyTorch's `a`; `.leakyReLU(slope: 0)` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func kaimingNormal(
        _ shape: Shape, mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .leakyReLU(slope: 0),
        dtype: DType = .float32, generator: Generator = .shared
    ) -> Tensor {
        .checked { () throws(TensorError) in
            let deviation = try kaimingDeviation(shape, mode, nonlinearity, "kaiming_normal")
            return .normal(shape, mean: 0, standardDeviation: deviation, dtype: dtype, generator: generator)
        }
    }

    private static func kaimingDeviation(
        _ shape: Shape, _ mode: FanMode, _ nonlinearity: Nonlinearity, _ operation: String
    ) throws(TensorError) -> Double {
        let fans = try fans(shape, operation)
        // A weight without elements has nothing to draw; 1 avoids the division by zero.
        let fan = max(mode == .fanIn ? fans.fanIn : fans.fanOut, 1)
        return nonlinearity.gain / Double(fan).squareRoot()
    }

    /// PyTorch's first weight of convolutions and linear layers: Kaiming-uniform with a = √5, which is ±1 / √fan in.
    static func defaultWeight(_ shape: Shape) -> Tensor {
        kaimingUniform(shape, nonlinearity: .leakyReLU(slope: 5.0.squareRoot()))
    }

    /// PyTorch's first bias of convolutions and linear layers: evenly spread over ±1 / √fan in of the weight.
    static func defaultBias(_ count: Int, of weight: Shape) -> Tensor {
        let fanIn = weight.dimensions.dropFirst().reduce(1, *)
        let bound = fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0
        return .uniform([count], low: -bound, high: bound)
    }
}

extension Initializer {
    /// Fills a parameter as ``xavierUniform(_:gain:dtype:generator:)``.
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - gain: a factor, as ``Nonlinearity/gain`` says it; `1` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func xavierUniform(_ parameter: Parameter, gain: Double = 1, generator: Generator = .shared) {
        fill(parameter) { xavierUniform($0, gain: gain, dtype: $1, generator: generator) }
    }

    /// Fills a parameter as ``xavierNormal(_:gain:dtype:generator:)``.
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - gain: a factor, as ``Nonlinearity/gain`` says it; `1` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func xavierNormal(_ parameter: Parameter, gain: Double = 1, generator: Generator = .shared) {
        fill(parameter) { xavierNormal($0, gain: gain, dtype: $1, generator: generator) }
    }

    /// Fills a parameter as ``kaimingUniform(_:mode:nonlinearity:dtype:generator:)``.
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - mode: which number of connections keeps its variance; `.fanIn` by default.
    ///   - nonlinearity: the function that follows, which sets the gain; PyTorch's default is leaky ReLU of slope 0,
    ///     and `.leakyReLU(slope: a)` stands for PyTorch's `a`; `.leakyReLU(slope: 0)` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func kaimingUniform(
        _ parameter: Parameter, mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .leakyReLU(slope: 0),
        generator: Generator = .shared
    ) {
        fill(parameter) {
            kaimingUniform($0, mode: mode, nonlinearity: nonlinearity, dtype: $1, generator: generator)
        }
    }

    /// Fills a parameter as ``kaimingNormal(_:mode:nonlinearity:dtype:generator:)``.
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - mode: which number of connections keeps its variance; `.fanIn` by default.
    ///   - nonlinearity: the function that follows, which sets the gain; PyTorch's default is leaky ReLU of slope 0,
    ///     and `.leakyReLU(slope: a)` stands for PyTorch's `a`; `.leakyReLU(slope: 0)` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func kaimingNormal(
        _ parameter: Parameter, mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .leakyReLU(slope: 0),
        generator: Generator = .shared
    ) {
        fill(parameter) {
            kaimingNormal($0, mode: mode, nonlinearity: nonlinearity, dtype: $1, generator: generator)
        }
    }
}
