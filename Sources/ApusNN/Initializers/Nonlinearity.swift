import ApusGraph

/// The function that follows a layer, for which the initialisers choose a gain (`torch.nn.init.calculate_gain`).
public enum Nonlinearity: Sendable, Hashable {
    /// None, as after a convolution or linear layer that is followed by nothing.
    case linear
    case sigmoid
    case tanh
    case relu
    /// x for positive x, else slope · x.
    case leakyReLU(slope: Double = 0.01)
    case selu

    /// The factor of the standard deviation that keeps the variance of activations through the function.
    ///
    /// 1 for `linear` and `sigmoid`, 5/3 for `tanh`, √2 for `relu`, √(2 / (1 + slope²)) for `leakyReLU` (He et al.
    /// 2015), 3/4 for `selu`: PyTorch's values.
    public var gain: Double {
        switch self {
        case .linear, .sigmoid: 1
        case .tanh: 5.0 / 3
        case .relu: 2.0.squareRoot()
        case .leakyReLU(let slope): (2 / (1 + slope * slope)).squareRoot()
        case .selu: 0.75
        }
    }
}
