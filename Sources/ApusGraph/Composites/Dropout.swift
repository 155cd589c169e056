extension Tensor {
    /// Sets each element to zero with probability `p` and multiplies the others by 1 / (1 − p), while `training`; else
    /// the tensor itself (`torch.nn.functional.dropout`). [*] → [*]. p outside of 0 … 1 is an error.
    ///
    /// - Parameters:
    ///   - p: the probability of a zero, 0 to 1; `0.5` by default.
    ///   - training: whether it is at work; else the result is the tensor itself; `true` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public func dropout(p: Double = 0.5, training: Bool = true, generator: Generator = .shared) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try requireProbability(p, "dropout")
            guard training, p > 0, count > 0 else { return self }
            return dropped(p, generator)
        }
    }

    /// Sets whole channels to zero with probability `p` and multiplies the others by 1 / (1 − p), while `training`
    /// (`torch.nn.functional.dropout1d`, `dropout2d`, `dropout3d`).
    ///
    /// [N, C, …] → [N, C, …]: one number for each n and c. A tensor of fewer than two dimensions is an error.
    ///
    /// - Parameters:
    ///   - p: the probability of a zero, 0 to 1; `0.5` by default.
    ///   - training: whether it is at work; else the result is the tensor itself; `true` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public func featureDropout(p: Double = 0.5, training: Bool = true, generator: Generator = .shared) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try requireProbability(p, "feature_dropout")
            guard training, p > 0, count > 0 else { return self }
            let mask = Tensor.full(try featureShape("feature_dropout"), 1, dtype: dtype, device: device).dropped(
                p, generator)
            return self * mask
        }
    }

    /// Dropout that keeps the mean and variance of standardised activations, for networks with SELU (Klambauer et al.
    /// 2017; `torch.nn.functional.alpha_dropout`). [*] → [*].
    ///
    /// With α′ = −1.7580993408473766: a · (x · mask + α′ · (1 − mask)) + b with a = ((1 − p) · (1 + p · α′²))^−½ and
    /// b = −a · p · α′; all zeros for p = 1.
    ///
    /// - Parameters:
    ///   - p: the probability of a dropped element, 0 to 1; `0.5` by default.
    ///   - training: whether it is at work; else the result is the tensor itself; `false` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public func alphaDropout(p: Double = 0.5, training: Bool = false, generator: Generator = .shared) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try alphaDropped(p, training, "alpha_dropout", shape, generator)
        }
    }

    /// ``alphaDropout(p:training:generator:)`` of whole channels (`torch.nn.functional.feature_alpha_dropout`).
    ///
    /// [N, C, …] → [N, C, …]: one number for each n and c. A tensor of fewer than two dimensions is an error.
    ///
    /// - Parameters:
    ///   - p: the probability of a dropped channel, 0 to 1; `0.5` by default.
    ///   - training: whether it is at work; else the result is the tensor itself; `false` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public func featureAlphaDropout(
        p: Double = 0.5, training: Bool = false, generator: Generator = .shared
    ) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let name = "feature_alpha_dropout"
            let needsMask = training && p > 0 && count > 0
            return try alphaDropped(p, training, name, needsMask ? featureShape(name) : shape, generator)
        }
    }

    private func dropped(_ p: Double, _ generator: Generator) -> Tensor {
        .record(RandomDropout(p), self, .streamKey(generator, elements: count, perBlock: 4, on: device))
    }

    private func alphaDropped(
        _ p: Double, _ training: Bool, _ name: String, _ maskShape: Shape, _ generator: Generator
    ) throws(TensorError) -> Tensor {
        try requireProbability(p, name)
        guard training, p > 0, count > 0 else { return self }
        guard p < 1 else { return self * 0 }
        let alpha = -1.7580993408473766
        let a = 1 / ((1 - p) * (1 + p * alpha * alpha)).squareRoot()
        let mask = Tensor.bernoulli(maskShape, p: 1 - p, dtype: dtype, generator: generator)
        // One number for each mask element to add, and one to multiply by.
        return self * (mask * a) + ((1 - mask) * (alpha * a) - p * alpha * a)
    }

    private func requireProbability(_ p: Double, _ name: String) throws(TensorError) {
        guard p >= 0, p <= 1 else {
            throw TensorError(name, "the probability p is \(p). Expected 0 to 1.")
        }
        guard dtype.isFloatingPoint else {
            throw TensorError(name, "the input is \(dtype). Cast it to .float32.")
        }
    }

    /// [N, C, 1 …]
    private func featureShape(_ name: String) throws(TensorError) -> Shape {
        guard rank >= 2 else {
            throw TensorError(
                name, "the input \(shape.brackets) has \(rank) dimensions. Expected at least 2: [N, C, …].")
        }
        return Shape(Array(shape.dimensions.prefix(2)) + [Int](repeating: 1, count: rank - 2))
    }
}
