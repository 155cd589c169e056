import ApusNN

/// The ways in which torchvision's models draw their first weights, where these are not the layers' own.
enum FreshWeights {
    /// What the weights of linear layers are.
    enum LinearWeights {
        /// As the layer draws them.
        case layerDefault
        /// Normal numbers of deviation 0.01; biases 0.
        case normal
    }

    /// Convolutions: normal numbers of deviation √(2 / fan out), which keeps the variance of gradients before a ReLU (He
    /// et al. 2015, `torch.nn.init.kaiming_normal_` with `mode="fan_out"`), and biases 0.
    static func drawKaimingFanOut(_ model: Module, linear: LinearWeights = .layerDefault) {
        model.apply { module in
            switch module {
            case let convolution as Conv2d:
                Initializer.kaimingNormal(convolution.weight, mode: .fanOut, nonlinearity: .relu)
                if let bias = convolution.bias { Initializer.zeros(bias) }
            case let layer as Linear where linear == .normal:
                Initializer.normal(layer.weight, standardDeviation: 0.01)
                if let bias = layer.bias { Initializer.zeros(bias) }
            default:
                break
            }
        }
    }

    /// Convolutions and linear layers: normal numbers of deviation 0.01 within ±2 (`torch.nn.init.trunc_normal_`);
    /// biases as the layers draw them.
    static func drawTruncatedNormal(_ model: Module) {
        model.apply { module in
            switch module {
            case let convolution as Conv2d:
                Initializer.truncatedNormal(convolution.weight, standardDeviation: 0.01)
            case let layer as Linear: Initializer.truncatedNormal(layer.weight, standardDeviation: 0.01)
            default: break
            }
        }
    }
}
