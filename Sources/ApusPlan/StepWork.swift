import ApusGraph

/// An operation whose work is multiplications and additions, so that a profile can set it against the processor's peak.
public protocol CountsMultiplyAdds: Primitive {
    /// Products of numbers that are summed, as the definition has them: an algorithm with fewer (Winograd's) counts as
    /// many, and may reach more than the peak.
    func multiplyAdds(_ inputs: [TensorSpec], _ outputs: [TensorSpec]) -> Int
}

/// The products for each element of the side that has the output channels.
private func products(_ weight: Shape) -> Int { weight.dimensions.dropFirst().reduce(1, *) }

extension Convolution: CountsMultiplyAdds {
    public func multiplyAdds(_ inputs: [TensorSpec], _ outputs: [TensorSpec]) -> Int {
        outputs[0].shape.elementCount * products(inputs[1].shape)
    }
}

extension FusedConvolution: CountsMultiplyAdds {
    public func multiplyAdds(_ inputs: [TensorSpec], _ outputs: [TensorSpec]) -> Int {
        convolution.multiplyAdds(inputs, outputs)
    }
}

extension FusedConvolutionPool: CountsMultiplyAdds {
    public func multiplyAdds(_ inputs: [TensorSpec], _ outputs: [TensorSpec]) -> Int {
        (try? convolution.infer(inputs)).map { convolution.multiplyAdds(inputs, $0) } ?? 0
    }
}

extension ConvolutionInputGradient: CountsMultiplyAdds {
    public func multiplyAdds(_ inputs: [TensorSpec], _ outputs: [TensorSpec]) -> Int {
        inputs[0].shape.elementCount * products(inputs[1].shape)
    }
}

extension ConvolutionWeightGradient: CountsMultiplyAdds {
    public func multiplyAdds(_ inputs: [TensorSpec], _ outputs: [TensorSpec]) -> Int {
        inputs[1].shape.elementCount * products(weightShape)
    }
}

extension MatMul: CountsMultiplyAdds {
    public func multiplyAdds(_ inputs: [TensorSpec], _ outputs: [TensorSpec]) -> Int {
        outputs[0].shape.elementCount * sizes(inputs[0].shape, inputs[1].shape).k
    }
}

extension FusedMatMul: CountsMultiplyAdds {
    public func multiplyAdds(_ inputs: [TensorSpec], _ outputs: [TensorSpec]) -> Int {
        matmul.multiplyAdds(inputs, outputs)
    }
}
