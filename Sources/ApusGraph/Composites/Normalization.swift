extension Tensor {
    /// Layer norm over the last dimensions (`torch.nn.functional.layer_norm`; Ba, Kiros & Hinton 2016).
    ///
    /// [*, `normalizedShape`] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias, where mean and
    /// variance (divided by the number of elements) are taken over the dimensions of `normalizedShape`, and `weight`
    /// and `bias` have that shape. Last dimensions or parameters of another shape are an error.
    ///
    /// - Parameters:
    ///   - normalizedShape: the sizes of the last dimensions.
    ///   - weight: the scale; `nil`, none, by default.
    ///   - bias: the shift; `nil`, none, by default.
    ///   - eps: ε, which keeps the quotient finite; `1e-5` by default.
    public func layerNorm(
        normalizedShape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
    ) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try normalizedRows(
                "layer_norm", normalizedShape, weight, bias, eps, subtractsMean: true,
                gradientName: "NativeLayerNormBackward0")
        }
    }

    /// RMS norm over the last dimensions (`torch.nn.functional.rms_norm`; Zhang & Sennrich 2019).
    ///
    /// [*, `normalizedShape`] → the same shape, y = x / √(mean(x²) + ε) · weight. ε is the distance from 1 to the next
    /// number of the input's type unless it is given. Last dimensions or a weight of another shape are an error.
    ///
    /// - Parameters:
    ///   - normalizedShape: the sizes of the last dimensions.
    ///   - weight: the scale; `nil`, none, by default.
    ///   - eps: ε; the distance from 1 to the next number of the type where it is `nil`, which is the default.
    public func rmsNorm(normalizedShape: [Int], weight: Tensor? = nil, eps: Double? = nil) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let smallest = dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
            return try normalizedRows(
                "rms_norm", normalizedShape, weight, nil, eps ?? smallest, subtractsMean: false,
                gradientName: "MulBackward0")
        }
    }

    /// Group norm (`torch.nn.functional.group_norm`; Wu & He 2018).
    ///
    /// [N, C, …] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias, where mean and variance are taken
    /// over the C / numGroups channels of a group and all positions, and `weight` and `bias` are [C]. Channels that
    /// `numGroups` does not divide, parameters of another shape and groups of a single value in the batch are errors.
    ///
    /// - Parameters:
    ///   - numGroups: the number of groups.
    ///   - weight: the scale; `nil`, none, by default.
    ///   - bias: the shift; `nil`, none, by default.
    ///   - eps: ε, which keeps the quotient finite; `1e-5` by default.
    public func groupNorm(
        numGroups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
    ) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let name = "group_norm"
            guard rank >= 2 else {
                throw TensorError(
                    name, "the input \(shape.brackets) has \(rank) dimensions. Expected at least 2: [N, C, …].")
            }
            let channels = shape[1]
            guard numGroups >= 1, channels % numGroups == 0 else {
                throw TensorError(
                    name,
                    "the input \(shape.brackets) has \(channels) channels, which do not make \(numGroups) groups of "
                        + "equal size.")
            }
            try requireReal(name, parameters: [weight, bias], shape: [channels])
            let plane = shape[2...].reduce(1, *)
            guard plane > 0 else {
                throw TensorError(name, "the input \(shape.brackets) has no positions: H · W is 0.")
            }
            guard shape[0] * channels / numGroups * plane != 1 else {
                throw TensorError(
                    name,
                    "the input \(shape.brackets) has one value for each of \(numGroups) groups, which has no "
                        + "variance. Use fewer groups or a larger batch.")
            }
            return normalizedRows(
                groups: numGroups, channels: channels / numGroups, run: plane, weight, bias, eps,
                parameterShape: Shape([channels] + [Int](repeating: 1, count: rank - 2)),
                gradientName: "NativeGroupNormBackward0")[0]
        }
    }

    /// Instance norm (`torch.nn.functional.instance_norm`; Ulyanov, Vedaldi & Lempitsky 2016).
    ///
    /// [N, C, …] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias, where mean and variance are taken
    /// over the positions of each sample and channel, or are `runningMean` and `runningVar` [C] where `useInputStats`
    /// is false; `weight` and `bias` are [C]. One position for each channel is an error where its statistics are used,
    /// and so are parameters of another shape. Tensors are values: the running statistics stay as they are.
    ///
    /// - Parameters:
    ///   - runningMean: the mean [C] where `useInputStats` is false; `nil` by default.
    ///   - runningVar: the variance [C] likewise; `nil` by default.
    ///   - weight: the scale; `nil`, none, by default.
    ///   - bias: the shift; `nil`, none, by default.
    ///   - useInputStats: whether the statistics are the input's; `true` by default.
    ///   - eps: ε, which keeps the quotient finite; `1e-5` by default.
    public func instanceNorm(
        runningMean: Tensor? = nil, runningVar: Tensor? = nil, weight: Tensor? = nil, bias: Tensor? = nil,
        useInputStats: Bool = true, eps: Double = 1e-5
    ) -> Tensor {
        guard useInputStats else {
            return .checked(like: [self]) { () throws(TensorError) in
                guard let runningMean, let runningVar else {
                    throw TensorError(
                        "instance_norm", "useInputStats is false: give runningMean and runningVar of [C] elements.")
                }
                return try normalizedByStatistics(
                    "instance_norm", runningMean, runningVar, weight, bias, eps, gradientName: "ViewBackward0")
            }
        }
        return instanceNormWithStatistics(weight: weight, bias: bias, eps: eps).result
    }

    /// Instance norm, and the mean and biased variance of each sample and channel
    /// (`torch.nn.functional.instance_norm`): [N, C, …] → the same shape, [N · C] and [N · C]; nil where there are
    /// none.
    ///
    /// - Parameters:
    ///   - weight: the scale [C], or nil.
    ///   - bias: the shift [C], or nil.
    ///   - eps: ε, which keeps the quotient finite.
    public func instanceNormWithStatistics(
        weight: Tensor?, bias: Tensor?, eps: Double
    ) -> (result: Tensor, mean: Tensor?, variance: Tensor?) {
        var statistics: (mean: Tensor, variance: Tensor)?
        let result = Tensor.checked(like: [self]) { () throws(TensorError) in
            let name = "instance_norm"
            guard rank >= 3 else {
                throw TensorError(
                    name, "the input \(shape.brackets) has \(rank) dimensions. Expected at least 3: [N, C, …].")
            }
            try requireReal(name, parameters: [weight, bias], shape: [shape[1]])
            let plane = shape[2...].reduce(1, *)
            guard plane != 1 else {
                throw TensorError(
                    name,
                    "the input \(shape.brackets) has one position for each sample and channel, which has no "
                        + "variance. Use larger images, or running statistics in eval().")
            }
            let results = normalizedRows(
                groups: shape[1], channels: 1, run: plane, weight, bias, eps,
                parameterShape: Shape([shape[1]] + [Int](repeating: 1, count: rank - 2)),
                gradientName: "ViewBackward0")
            if results.count == 4 { statistics = (results[1], results[2]) }
            return results[0]
        }
        return (result, statistics?.mean, statistics?.variance)
    }

    /// Batch norm (`torch.nn.functional.batch_norm`; Ioffe & Szegedy 2015).
    ///
    /// [N, C, …] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias. While `training`, mean and
    /// variance are the batch's over all but the channels; else they are `runningMean` and `runningVar` [C], and both
    /// must be given. `weight` and `bias` are [C]. Tensors are values: the running statistics stay as they are;
    /// ``batchNormWithStatistics(weight:bias:eps:)`` gives what they move towards.
    ///
    /// - Parameters:
    ///   - runningMean: the mean [C] where it is not training; `nil` by default.
    ///   - runningVar: the variance [C] likewise; `nil` by default.
    ///   - weight: the scale; `nil`, none, by default.
    ///   - bias: the shift; `nil`, none, by default.
    ///   - training: whether the statistics are the batch's; `false` by default.
    ///   - eps: ε, which keeps the quotient finite; `1e-5` by default.
    public func batchNorm(
        runningMean: Tensor? = nil, runningVar: Tensor? = nil, weight: Tensor? = nil, bias: Tensor? = nil,
        training: Bool = false, eps: Double = 1e-5
    ) -> Tensor {
        guard !training else { return batchNormWithStatistics(weight: weight, bias: bias, eps: eps).result }
        return .checked(like: [self]) { () throws(TensorError) in
            guard let runningMean, let runningVar else {
                throw TensorError(
                    "batch_norm", "outside of training runningMean and runningVar of [C] elements are needed.")
            }
            guard eps >= 0 else { throw TensorError("batch_norm", "eps is \(eps). It must not be negative.") }
            return try normalizedByStatistics(
                "batch_norm", runningMean, runningVar, weight, bias, eps,
                gradientName: count > 0 ? "NativeBatchNormBackward0" : "AddBackward0")
        }
    }

    /// Batch norm by the batch's own statistics, and its mean and biased variance (`torch.nn.functional.batch_norm`):
    /// [N, C, …] → the same shape, [C] and [C]; nil where there are none: in an empty batch.
    ///
    /// - Parameters:
    ///   - weight: the scale [C], or nil.
    ///   - bias: the shift [C], or nil.
    ///   - eps: ε, which keeps the quotient finite.
    public func batchNormWithStatistics(
        weight: Tensor?, bias: Tensor?, eps: Double
    ) -> (result: Tensor, mean: Tensor?, variance: Tensor?) {
        var statistics: (mean: Tensor, variance: Tensor)?
        let result = Tensor.checked(like: [self]) { () throws(TensorError) in
            let name = "batch_norm"
            guard rank >= 2 else {
                throw TensorError(
                    name, "the input \(shape.brackets) has \(rank) dimensions. Expected at least 2: [N, C, …].")
            }
            try requireReal(name, parameters: [weight, bias], shape: [shape[1]])
            guard eps > 0 else {
                throw TensorError(
                    name, "eps is \(eps). By the batch's own statistics it must be above 0: a variance may be 0.")
            }
            guard count > 0 else {
                return scaledAndShifted(
                    weight, bias, Shape([shape[1]] + [Int](repeating: 1, count: rank - 2)), "AddBackward0")
            }
            let isAffine = weight != nil || bias != nil
            let channels: Shape = [shape[1]]
            let parameters =
                isAffine
                ? [weight ?? .ones(channels, dtype: dtype), bias ?? .zeros(channels, dtype: dtype)] : []
            let results = Tensor.record(BatchNormalization(epsilon: eps, isAffine: isAffine), [self] + parameters)
            if results.count == 4 { statistics = (results[1], results[2]) }
            return results[0]
        }
        return (result, statistics?.mean, statistics?.variance)
    }

    /// Local response norm across channels (`torch.nn.functional.local_response_norm`; Krizhevsky et al. 2012).
    ///
    /// [N, C, …] → the same shape, y = x / (k + alpha · m)^beta, where m is the sum of the squares of the channels
    /// c − ⌊size / 2⌋ … c + ⌊(size − 1) / 2⌋ divided by `size`; channels beyond the ends count as 0. Fewer than three
    /// dimensions and a size below 1 are errors.
    ///
    /// - Parameters:
    ///   - size: the channels of a window, at least 1.
    ///   - alpha: the weight of the mean square; `1e-4` by default.
    ///   - beta: the power of the divisor; `0.75` by default.
    ///   - k: what is added to the mean square; `1` by default.
    public func localResponseNorm(
        size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1
    ) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let name = "local_response_norm"
            guard rank >= 3 else {
                throw TensorError(
                    name, "the input \(shape.brackets) has \(rank) dimensions. Expected at least 3: [N, C, …].")
            }
            guard size >= 1 else { throw TensorError(name, "size is \(size). It must be at least 1.") }
            guard dtype.isFloatingPoint else {
                throw TensorError(name, "the input is \(dtype). Cast it to .float32.")
            }
            guard count > 0 else { return self }
            return Tensor.record(LocalResponseNormalization(size: size, alpha: alpha, beta: beta, k: k), [self])[0]
        }
    }
}

extension Tensor {
    /// Normalises the last dimensions, which must be `normalizedShape`.
    private func normalizedRows(
        _ name: String, _ normalizedShape: [Int], _ weight: Tensor?, _ bias: Tensor?, _ eps: Double,
        subtractsMean: Bool, gradientName: String
    ) throws(TensorError) -> Tensor {
        let normalized = Shape(normalizedShape)
        guard !normalizedShape.isEmpty, Array(shape.dimensions.suffix(normalizedShape.count)) == normalizedShape else {
            let sizes = normalizedShape.map(String.init).joined(separator: ", ")
            throw TensorError(
                name,
                "the input \(shape.brackets) does not end with normalizedShape \(normalized.brackets). Expected "
                    + (sizes.isEmpty ? "a shape of at least one dimension." : "[*, \(sizes)]."))
        }
        try requireReal(name, parameters: [weight, bias], shape: normalized)
        return normalizedRows(
            groups: 1, channels: normalized.elementCount, run: 1, weight, bias, eps, subtractsMean: subtractsMean,
            parameterShape: normalized, gradientName: gradientName)[0]
    }

    /// Records a normalisation of rows; without elements only what keeps shapes and gradients right.
    private func normalizedRows(
        groups: Int, channels: Int, run: Int, _ weight: Tensor?, _ bias: Tensor?, _ eps: Double,
        subtractsMean: Bool = true, parameterShape: Shape, gradientName: String
    ) -> [Tensor] {
        guard count > 0 else { return [scaledAndShifted(weight, bias, parameterShape, gradientName)] }
        let primitive = RowNormalization(
            groups: groups, channels: channels, run: run, epsilon: eps, subtractsMean: subtractsMean,
            hasScale: weight != nil, hasShift: bias != nil)
        return Tensor.record(primitive, [self] + [weight, bias].compactMap { $0 }, gradientName: gradientName)
    }

    /// x · weight + bias: what is left of a normalisation of no elements.
    private func scaledAndShifted(
        _ weight: Tensor?, _ bias: Tensor?, _ parameterShape: Shape, _ gradientName: String
    ) -> Tensor {
        var result = self * 1
        if let weight { result = result * weight.reshape(parameterShape) }
        if let bias { result = result + bias.reshape(parameterShape) }
        return result.withGradientName(gradientName)
    }

    private func normalizedByStatistics(
        _ name: String, _ mean: Tensor, _ variance: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ eps: Double,
        gradientName: String
    ) throws(TensorError) -> Tensor {
        guard rank >= 2 else {
            throw TensorError(
                name, "the input \(shape.brackets) has \(rank) dimensions. Expected at least 2: [N, C, …].")
        }
        let channels: Shape = [shape[1]]
        try requireReal(name, parameters: [mean, variance, weight, bias], shape: channels)
        let inputs = [
            self, mean, (variance + eps).rsqrt(), weight ?? .ones(channels, dtype: dtype),
            bias ?? .zeros(channels, dtype: dtype),
        ]
        return Tensor.record(ChannelNormalization(), inputs, gradientName: gradientName)[0]
    }

    /// Refuses inputs that are no real numbers, and parameters of another shape or type.
    private func requireReal(
        _ name: String, parameters: [Tensor?], shape expected: Shape
    ) throws(TensorError) {
        let own = parameters.compactMap { $0 }
        guard dtype.isFloatingPoint, own.allSatisfy({ $0.dtype == dtype }) else {
            let other = own.first { $0.dtype != dtype && $0.dtype.isFloatingPoint }?.dtype ?? .float32
            throw TensorError(
                name, "the input is \(dtype), the layer computes in \(other). Cast the input to \(other).")
        }
        for parameter in own where parameter.shape != expected {
            throw TensorError(
                name,
                "the input \(shape.brackets) needs a weight, a bias and statistics of shape \(expected.brackets), one "
                    + "is \(parameter.shape.brackets).")
        }
    }
}
