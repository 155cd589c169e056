import ApusGraph

/// What the transposed convolutions share (`torch.nn.modules.conv._ConvTransposeNd`).
///
/// Use ``ConvTranspose2d`` and its kin: [N, C, …] or [C, …] → [N, O, …] or [O, …].
open class TransposedConvolutionLayer: ConvolutionLayer {
    override open func forward(_ input: Tensor) -> Tensor { transposed(input, outputSize: nil) }

    /// The layer's result of a given size.
    ///
    /// Where the stride is above 1 several sizes are convolved to that of the input; this chooses among them, in place
    /// of ``ConvolutionLayer/outputPadding``.
    ///
    /// - Parameters:
    ///   - input: [N, C, …] or [C, …].
    ///   - outputSize: one number for each spatial dimension, or also those of batch and channels; a size that the
    ///     layer cannot make is an error.
    public func callAsFunction(_ input: Tensor, outputSize: [Int]) -> Tensor {
        withModulePath { transposed(input, outputSize: outputSize) }
    }

    private func transposed(_ input: Tensor, outputSize: [Int]?) -> Tensor {
        accepting(input, operation) { () throws(TensorError) in
            var geometry = geometry
            let added = try outputSize.map { size throws(TensorError) in try outputPadding(for: size, input) }
            for (dimension, padding) in (added ?? outputPadding.sizes).enumerated() {
                geometry.paddingAfter[dimension] -= padding
            }
            if outputSize == nil { try geometry.check(outputPadding: outputPadding.sizes, operation: operation) }
            return input.transposedConvolution(weight.tensor, bias?.tensor, geometry: geometry)
        }
    }

    private var operation: String { "conv_transpose\(spatialRank)d" }

    /// The output padding that makes a size.
    private func outputPadding(for outputSize: [Int], _ input: Tensor) throws(TensorError) -> [Int] {
        let others = input.rank - spatialRank
        let sizes = outputSize.count == input.rank ? Array(outputSize.dropFirst(others)) : outputSize
        guard sizes.count == spatialRank else {
            throw TensorError(
                operation,
                "outputSize \(outputSize) has \(outputSize.count) numbers. For an input of \(input.rank) dimensions give "
                    + "\(spatialRank) or \(input.rank).")
        }
        let least = (0..<spatialRank).map {
            geometry.inputSize(input.shape[$0 + others], kernel: kernelSize.sizes[$0], $0)
        }
        let most = zip(least, stride.sizes).map { $0 + $1 - 1 }
        guard sizes.indices.allSatisfy({ sizes[$0] >= least[$0] && sizes[$0] <= most[$0] }) else {
            throw TensorError(
                operation,
                "outputSize \(sizes) cannot be made of the input \(input.shape.brackets): the sizes range from \(least) "
                    + "to \(most), which is (size − 1) · stride − 2 · padding + dilation · (kernel − 1) + 1 and up to "
                    + "stride − 1 more.")
        }
        return zip(sizes, least).map { $0 - $1 }
    }
}

extension ConvolutionGeometry {
    /// Refuses an output padding that no transposed convolution has.
    func check(outputPadding: [Int], operation: String) throws(TensorError) {
        for (dimension, added) in outputPadding.enumerated() {
            guard added < max(stride[dimension], dilation[dimension]) else {
                throw TensorError(
                    operation,
                    "outputPadding \(outputPadding) must be less than the stride \(stride) or the dilation \(dilation), "
                        + "which \(added) is not. What lies further from the input is the bias alone.")
            }
        }
    }
}
