import ApusEngine
import ApusGraph
import ApusNN

/// One step of ``LBFGS``: its iterations from the first call of the closure to the end.
///
/// Vectors are tensors, computed one small plan after the other; lengths and products are numbers of double precision.
struct LBFGSIteration {
    private let parameters: [Parameter]
    private let options: LBFGS.Options
    private let closure: () -> Tensor
    private(set) var memory: LBFGSMemory

    init(
        _ parameters: [Parameter], _ options: LBFGS.Options, _ memory: LBFGSMemory, _ closure: @escaping () -> Tensor
    ) {
        (self.parameters, self.options, self.memory, self.closure) = (parameters, options, memory, closure)
    }

    /// Makes the iterations and returns the first loss.
    mutating func run() throws -> Tensor {
        let first = closure()
        var loss = try objective(first)
        var gradient = flatGradient()
        var evaluations = 1
        memory.evaluationCount += 1
        if try largest(gradient) <= options.toleranceGrad { return first }

        for iteration in 1...max(options.maxIter, 1) {
            memory.iterationCount += 1
            let isVeryFirst = memory.iterationCount == 1
            let direction = try isVeryFirst ? negated(gradient) : nextDirection(gradient)
            memory.direction = direction
            memory.previousGradient = gradient
            let previousLoss = loss
            memory.length = options.lr
            if isVeryFirst { memory.length *= min(1, 1 / (try number(noGrad { gradient.abs().sum() }))) }

            let slope = try dot(gradient, direction)
            if slope > -options.toleranceChange { break }

            var calls = 0
            var isFlat = false
            if options.lineSearch != nil {
                let start = parameters.map(\.data)
                var search = StrongWolfeSearch(
                    slope: slope, toleranceChange: options.toleranceChange,
                    maximumEvaluations: options.maxEval - evaluations)
                let found = try search.run(
                    from: .init(length: 0, loss: loss, gradient: gradient, slope: slope), length: memory.length,
                    largestElement: largest(direction)
                ) { length in
                    try evaluate(at: length, direction, from: start)
                }
                (loss, gradient, memory.length) = (found.loss, found.gradient, found.length)
                calls = search.evaluations
                try move(memory.length, direction)
                isFlat = try largest(gradient) <= options.toleranceGrad
            } else {
                try move(memory.length, direction)
                if iteration != options.maxIter {
                    loss = try objective(closure())
                    gradient = flatGradient()
                    isFlat = try largest(gradient) <= options.toleranceGrad
                    calls = 1
                }
            }
            evaluations += calls
            memory.evaluationCount += calls

            if iteration == options.maxIter || evaluations >= options.maxEval || isFlat { break }
            if try largest(direction) * memory.length.magnitude <= options.toleranceChange { break }
            if (loss - previousLoss).magnitude < options.toleranceChange { break }
        }
        return first
    }

    // MARK: - Directions

    /// Takes in the last change, and returns the negated gradient under the estimated inverse Hessian.
    private mutating func nextDirection(_ gradient: Tensor) throws -> Tensor {
        if let previous = memory.previousGradient, let direction = memory.direction {
            let (change, step) = try noGrad {
                let change = gradient - previous
                let step = direction * scalar(memory.length)
                try EvaluationHook.evaluate([change.value, step.value])
                return (change, step)
            }
            let product = try dot(change, step)
            if product > 1e-10 {
                memory.append(gradientChange: change, step: step, product: product, limit: options.historySize)
                memory.scale = product / (try dot(change, change))
            }
        }
        var vector = try negated(gradient)
        var weights = [Double](repeating: 0, count: memory.steps.count)
        for index in memory.steps.indices.reversed() {
            weights[index] = try dot(memory.steps[index], vector) * memory.inverseProducts[index]
            vector = try sum(vector, memory.gradientChanges[index], times: -weights[index])
        }
        vector = noGrad { vector * scalar(memory.scale) }
        for index in memory.steps.indices {
            let weight = try dot(memory.gradientChanges[index], vector) * memory.inverseProducts[index]
            vector = try sum(vector, memory.steps[index], times: weights[index] - weight)
        }
        return vector
    }

    // MARK: - The loss

    /// The loss at `start` + length · direction; the parameters are at `start` again afterwards.
    private func evaluate(
        at length: Double, _ direction: Tensor, from start: [Tensor]
    ) throws -> StrongWolfeSearch.Point {
        try move(length, direction)
        let loss = try objective(closure())
        let gradient = flatGradient()
        let slope = try dot(gradient, direction)
        for (parameter, data) in zip(parameters, start) { parameter.data = data }
        return .init(length: length, loss: loss, gradient: gradient, slope: slope)
    }

    /// What is made small: the loss, or its negative.
    private func objective(_ loss: Tensor) throws -> Double {
        guard loss.count == 1 else {
            throw TensorError("LBFGS", "the closure returned a tensor of shape \(loss.shape.brackets), not one number.")
        }
        let value = try number(loss)
        return options.maximize ? -value : value
    }

    /// The gradients of all parameters as one vector; zeros where there is none.
    private func flatGradient() -> Tensor {
        noGrad {
            let flat = Tensor.cat(
                parameters.map { ($0.grad ?? .zerosLike($0.data)).reshape(Shape([$0.count])) })
            return options.maximize ? -flat : flat
        }
    }

    /// Moves the parameters by length · direction.
    private func move(_ length: Double, _ direction: Tensor) throws {
        try noGrad {
            let factor = scalar(length)
            var offset = 0
            for parameter in parameters {
                let part = direction.narrow(dim: 0, start: offset, length: parameter.count)
                parameter.data = parameter.data + part.reshape(parameter.shape) * factor
                offset += parameter.count
            }
            try EvaluationHook.evaluate(parameters.map(\.data.value))
        }
    }

    // MARK: - Vectors

    private func scalar(_ value: Double) -> Tensor { Tensor(scalar: value, dtype: parameters[0].dtype) }

    private func negated(_ vector: Tensor) throws -> Tensor {
        let result = noGrad { -vector }
        try EvaluationHook.evaluate([result.value])
        return result
    }

    private func sum(_ vector: Tensor, _ other: Tensor, times factor: Double) throws -> Tensor {
        noGrad { vector + other * scalar(factor) }
    }

    private func dot(_ left: Tensor, _ right: Tensor) throws -> Double { try number(noGrad { (left * right).sum() }) }

    private func largest(_ vector: Tensor) throws -> Double { try number(noGrad { vector.abs().amax() }) }

    private func number(_ tensor: Tensor) throws -> Double {
        guard let value = try tensor.elements(as: Double.self).first else {
            throw TensorError("LBFGS", "there are no elements to optimize.")
        }
        return value
    }
}
