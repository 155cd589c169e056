import ApusGraph
import Foundation
import Synchronization

/// Checks of predictions and targets, which the losses share.
enum LossOperands {
    /// The warnings that were written, each once.
    private static let warnings = Mutex<Set<String>>([])

    /// Refuses a prediction that carries no gradient.
    static func requireReal(_ operation: String, _ input: Tensor) throws(TensorError) {
        guard input.dtype.isFloatingPoint else {
            throw TensorError(
                operation,
                "the input \(input.shape.brackets) is \(input.dtype). Expected real numbers: use "
                    + ".cast(to: .float32).")
        }
    }

    /// Refuses shapes that do not broadcast.
    static func requireBroadcast(
        _ operation: String, _ operands: [(name: String, tensor: Tensor)]
    ) throws(TensorError) {
        var common: Shape? = []
        for (_, tensor) in operands { common = common.flatMap { Shape.broadcast($0, tensor.shape) } }
        guard common != nil else {
            throw TensorError(
                operation,
                "\(listing(operands)) have different shapes that do not broadcast. Aligned at the end, sizes must be "
                    + "equal or 1.")
        }
    }

    /// Refuses shapes that do not broadcast, and warns where they differ, as PyTorch does: [N] against [N, 1] compares
    /// every pair, which is seldom meant.
    static func requireAlike(_ operation: String, _ input: Tensor, _ target: Tensor) throws(TensorError) {
        guard input.shape != target.shape else { return }
        guard let shape = Shape.broadcast(input.shape, target.shape) else {
            throw TensorError(
                operation,
                "the input \(input.shape.brackets) and the target \(target.shape.brackets) have different "
                    + "shapes. They must be equal.")
        }
        let warning =
            "warning: \(operation): the input \(input.shape.brackets) and the target \(target.shape.brackets) have "
            + "different shapes; every pair of \(shape.brackets) is compared. Make the shapes equal.\n"
        guard warnings.withLock({ $0.insert(warning).inserted }) else { return }
        FileHandle.standardError.write(Data(warning.utf8))
    }

    /// Refuses shapes that differ.
    static func requireEqual(
        _ operation: String, _ operands: [(name: String, tensor: Tensor)]
    ) throws(TensorError) {
        guard Set(operands.map(\.tensor.shape)).count <= 1 else {
            throw TensorError(operation, "\(listing(operands)) have different shapes. They must be equal.")
        }
    }

    /// Refuses a factor that does not broadcast to the input's shape, or stretches it.
    static func requireFactor(
        _ operation: String, _ name: String, _ factor: Tensor?, for input: Tensor
    ) throws(TensorError) {
        guard let factor, Shape.broadcast(factor.shape, input.shape) != input.shape else { return }
        throw TensorError(
            operation,
            "\(name) \(factor.shape.brackets) does not broadcast to the input's shape \(input.shape.brackets). "
                + "Aligned at the end, its sizes must be the input's or 1.")
    }

    /// `the input [3, 4], the target [3] and the variance [2]`
    private static func listing(_ operands: [(name: String, tensor: Tensor)]) -> String {
        let names = operands.map { "\($0.name) \($0.tensor.shape.brackets)" }
        return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }
}

extension LossReduction {
    /// Losses times the weight of each element (`weight` of `torch.nn.functional.mse_loss`); the mean is
    /// Σ w · ℓ / Σ w, or, where `dividesByWeights` is false, over the number of elements.
    func apply(
        _ losses: Tensor, elementWeight weight: Tensor, for input: Tensor, dividesByWeights: Bool = true,
        operation: String
    ) throws(TensorError) -> Tensor {
        guard weight.shape == input.shape else {
            throw TensorError(
                operation,
                "the weight \(weight.shape.brackets) must have the input's shape \(input.shape.brackets).")
        }
        let weighted = losses * weight
        switch self {
        case .mean where dividesByWeights: return weighted.sum() / weight.sum()
        default: return apply(weighted)
        }
    }
}
