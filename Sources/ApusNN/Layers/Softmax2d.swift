import ApusGraph

/// The softmax over the channels, at each place of an image (`torch.nn.Softmax2d`).
///
/// [N, C, H, W] → [N, C, H, W], or [C, H, W] → [C, H, W]; other numbers of dimensions are an error.
open class Softmax2d: Module {
    override open func forward(_ input: Tensor) -> Tensor {
        guard input.rank == 3 || input.rank == 4 else {
            return .refuse(
                TensorError(
                    "Softmax2d",
                    "the input \(input.shape.brackets) has \(input.rank) dimensions. Expected 4, [N, C, H, W], or 3 "
                        + "without a batch, [C, H, W]."),
                like: [input])
        }
        return input.softmax(dim: -3)
    }
}
