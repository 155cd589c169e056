import ApusGraph

/// What a gradient check found.
public struct GradientCheckReport: Sendable, CustomStringConvertible {
    /// An element whose gradient by `backward()` is not that of the function.
    public struct Mismatch: Sendable {
        /// The position of the input among the inputs.
        public let input: Int
        /// The position of the element, one number for each dimension.
        public let element: [Int]
        /// What the recorded gradients give.
        public let recorded: Double
        /// What differences of the function give.
        public let numerical: Double
    }

    /// How many elements were compared.
    public internal(set) var comparisons = 0
    /// The largest |recorded − numerical| / max(1, |numerical|).
    public internal(set) var largestError = 0.0
    /// The elements beyond the tolerance, in order.
    public internal(set) var mismatches: [Mismatch] = []

    /// Whether all elements agree.
    public var isCorrect: Bool { mismatches.isEmpty }

    public var description: String {
        guard let first = mismatches.first else {
            return "\(comparisons) gradients agree; the largest error is \(largestError)"
        }
        return "\(mismatches.count) of \(comparisons) gradients differ, first that of input \(first.input) at "
            + "\(first.element): recorded \(first.recorded), numerical \(first.numerical)"
    }
}

/// Compares the recorded gradients of a function with differences of its values (`torch.autograd.gradcheck`).
///
/// For a fixed random v of the result's shape and L(x) = Σ v · f(x), each element of the gradient of L is compared with
/// (L(x + ε) − L(x − ε)) / 2ε.
///
/// - Parameters:
///   - function: takes tensors like `inputs`, which are leaves that require gradients, and returns a `float64` tensor
///     of any shape. It must give the same result each time, and be smooth within ε of `inputs`.
///   - inputs: `float64` tensors of any shapes.
///   - epsilon: ε. The default, 10⁻⁶, balances the error of the difference, of the order of ε², with that of rounding,
///     10⁻¹⁶ / ε.
///   - tolerance: the largest |recorded − numerical| / max(1, |numerical|) that agrees. The default, 10⁻⁶, leaves four
///     digits to the rounding error above.
/// - Returns: what was compared, and what differs.
/// - Throws: a ``/ApusGraph/TensorError`` where an input or the result has another type, and where the function cannot
///   be computed.
public func checkGradients(
    of function: ([Tensor]) -> Tensor, at inputs: [Tensor], epsilon: Double = 1e-6, tolerance: Double = 1e-6
) throws -> GradientCheckReport {
    for (number, input) in inputs.enumerated() where input.dtype != .float64 {
        throw TensorError(
            "checkGradients",
            "input \(number) is \(input.dtype), whose rounding hides differences. Cast it to .float64.")
    }
    return try withTensorErrors {
        let points = try inputs.map { try $0.elements(as: Double.self) }
        func leaves(_ values: [[Double]]) -> [Tensor] {
            zip(values, inputs).map { Tensor($0, shape: $1.shape, dtype: .float64).requiringGrad() }
        }
        let atPoint = leaves(points)
        let result = function(atPoint)
        guard result.dtype == .float64 else {
            throw TensorError(
                "checkGradients",
                "the function's result is \(result.dtype), whose rounding hides differences. It must "
                    + "be float64.")
        }
        // Any seed will do, as long as it is the same each time.
        let cotangent = Tensor.randn(result.shape, dtype: .float64, generator: Generator(seed: 1))
        let gradients = result.gradients(withRespectTo: atPoint, gradient: cotangent)
        var report = GradientCheckReport()
        for (number, gradient) in gradients.enumerated() {
            let recorded = try gradient.elements(as: Double.self)
            for flat in recorded.indices {
                func shifted(by distance: Double) -> Tensor {
                    var values = points
                    values[number][flat] += distance
                    return function(leaves(values)).detach()
                }
                // The difference comes before the sum, which would round it away.
                let difference = (shifted(by: epsilon) - shifted(by: -epsilon)) * cotangent
                let numerical = try difference.sum().elements(as: Double.self)[0] / (2 * epsilon)
                report.compare(number, flat, inputs[number].shape, recorded[flat], numerical, tolerance)
            }
        }
        return report
    }
}

/// Checks the gradients of a function's gradients (`torch.autograd.gradgradcheck`).
///
/// The function that is checked takes the inputs and a cotangent of the result's shape, and returns the recorded
/// gradients by all inputs; so its own gradients are the second ones. Parameters, result and errors are those of
/// ``checkGradients(of:at:epsilon:tolerance:)``.
public func checkGradientsOfGradients(
    of function: ([Tensor]) -> Tensor, at inputs: [Tensor], epsilon: Double = 1e-6, tolerance: Double = 1e-6
) throws -> GradientCheckReport {
    let shape = try withTensorErrors { function(inputs).shape }
    // An input of the check like the others, of any value.
    let cotangent = Tensor.randn(shape, dtype: .float64, generator: Generator(seed: 2))
    return try checkGradients(
        of: { gradients(of: function, at: $0) }, at: inputs + [cotangent], epsilon: epsilon, tolerance: tolerance)
}

/// All recorded gradients of a function in one row, for inputs whose last one is the cotangent.
func gradients(of function: ([Tensor]) -> Tensor, at inputs: [Tensor]) -> Tensor {
    let leaves = Array(inputs.dropLast())
    let gradients = function(leaves).gradients(
        withRespectTo: leaves, gradient: inputs[inputs.count - 1], createGraph: true)
    return .cat(gradients.map { $0.flatten() })
}

extension GradientCheckReport {
    fileprivate mutating func compare(
        _ input: Int, _ flat: Int, _ shape: Shape, _ recorded: Double, _ numerical: Double, _ tolerance: Double
    ) {
        comparisons += 1
        let error = abs(recorded - numerical) / max(1, abs(numerical))
        largestError = error.isNaN ? .infinity : max(largestError, error)
        // Written so that NaN is a mismatch.
        guard !(error <= tolerance) else { return }
        var (rest, element) = (flat, [Int]())
        for size in shape.dimensions.reversed() {
            element.insert(rest % size, at: 0)
            rest /= size
        }
        mismatches.append(Mismatch(input: input, element: element, recorded: recorded, numerical: numerical))
    }
}
