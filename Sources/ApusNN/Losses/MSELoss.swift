import ApusGraph
import Foundation

/// The squared error (x − y)², its mean or its sum (`torch.nn.functional.mse_loss`).
///
/// Shapes that differ broadcast, with PyTorch's warning on standard error: [N] against [N, 1] compares every pair,
/// which is seldom meant. Shapes that do not broadcast are an error (see ``withTensorErrors(_:)``).
public func mseLoss(_ input: Tensor, _ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
    let name = "MseLossBackward0"
    guard let shape = Shape.broadcast(input.shape, target.shape) else {
        return .refuse(
            TensorError(
                "mse_loss",
                "the input \(input.shape.brackets) and the target \(target.shape.brackets) have different "
                    + "shapes. They must be equal."),
            like: [input])
    }
    if input.shape != target.shape {
        let warning =
            "warning: mse_loss: the input \(input.shape.brackets) and the target \(target.shape.brackets) have "
            + "different shapes; every pair of \(shape.brackets) is compared. Make the shapes equal.\n"
        FileHandle.standardError.write(Data(warning.utf8))
    }
    let difference = input - target
    func squares(_ name: String?) -> Tensor {
        Tensor.record(Pointwise(.square), [difference], gradientName: name)[0]
    }
    let all = Array(0..<difference.rank)
    switch reduction {
    case .none: return squares(name)
    case .sum: return Tensor.record(Reduction(.sum, all, keepDim: false), [squares(nil)], gradientName: name)[0]
    case .mean: return Tensor.record(Reduction(.mean, all, keepDim: false), [squares(nil)], gradientName: name)[0]
    }
}

/// ``mseLoss(_:_:reduction:)`` as a module (`torch.nn.MSELoss`).
open class MSELoss: Module {
    public let reduction: LossReduction

    public init(reduction: LossReduction = .mean) {
        self.reduction = reduction
        super.init()
    }

    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath { mseLoss(input, target, reduction: reduction) }
    }
}
