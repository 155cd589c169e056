import ApusGraph

extension Tensor {
    /// A convolution in one dimension (`torch.nn.functional.conv1d`).
    ///
    /// [N, C, L] or [C, L] with a weight [O, C / groups, F] and a bias [O] → [N, O, L'] or [O, L'],
    /// L' = ⌊(L + 2p − d · (F − 1) − 1) / S⌋ + 1. `padding` may be `.same`, with a stride of 1, or `.valid`.
    ///
    /// The arguments are those of ``Conv1d``; the kernel size is that of the weight.
    public func conv1d(
        _ weight: Tensor, _ bias: Tensor? = nil, stride: any SpatialSize = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: any SpatialSize = 1, groups: Int = 1
    ) -> Tensor {
        convolution(1, weight, bias, stride, padding.convolutionPadding, dilation, groups)
    }

    /// A convolution in two dimensions (`torch.nn.functional.conv2d`).
    ///
    /// [N, C, H, W] or [C, H, W] with a weight [O, C / groups, F, F] and a bias [O] → [N, O, H', W'] or [O, H', W'],
    /// H' = ⌊(H + 2p − d · (F − 1) − 1) / S⌋ + 1. `padding` may be `.same`, with a stride of 1, or `.valid`.
    ///
    /// The arguments are those of ``Conv2d``; the kernel size is that of the weight.
    public func conv2d(
        _ weight: Tensor, _ bias: Tensor? = nil, stride: any SpatialSize = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: any SpatialSize = 1, groups: Int = 1
    ) -> Tensor {
        convolution(2, weight, bias, stride, padding.convolutionPadding, dilation, groups)
    }

    /// A convolution in three dimensions (`torch.nn.functional.conv3d`).
    ///
    /// [N, C, D, H, W] or [C, D, H, W] with a weight [O, C / groups, F, F, F] and a bias [O] → [N, O, D', H', W'] or
    /// [O, D', H', W'], D' = ⌊(D + 2p − d · (F − 1) − 1) / S⌋ + 1. `padding` may be `.same`, with a stride of 1, or
    /// `.valid`.
    ///
    /// The arguments are those of ``Conv3d``; the kernel size is that of the weight.
    public func conv3d(
        _ weight: Tensor, _ bias: Tensor? = nil, stride: any SpatialSize = 1,
        padding: some ConvolutionPaddingConvertible = 0, dilation: any SpatialSize = 1, groups: Int = 1
    ) -> Tensor {
        convolution(3, weight, bias, stride, padding.convolutionPadding, dilation, groups)
    }

    private func convolution(
        _ rank: Int, _ weight: Tensor, _ bias: Tensor?, _ stride: any SpatialSize, _ padding: ConvolutionPadding,
        _ dilation: any SpatialSize, _ groups: Int
    ) -> Tensor {
        var arguments = LayerArguments(of: "conv\(rank)d")
        let stride = arguments.sizes(stride, "stride", rank: rank, atLeast: 1)
        let dilation = arguments.sizes(dilation, "dilation", rank: rank, atLeast: 1)
        let padding = padding.resolved(rank: rank, of: &arguments)
        arguments.require(groups, "groups", atLeast: 1)
        padding.requireSize(stride: stride, of: &arguments)
        guard let kernel = arguments.kernelSize(of: weight, rank: rank), arguments.areValid else {
            return .poisoned(like: [self])
        }
        let zeros = padding.zeros(kernelSize: kernel, dilation: dilation)
        return convolution(
            weight, bias,
            geometry: ConvolutionGeometry(
                stride: stride.sizes, paddingBefore: zeros.before, paddingAfter: zeros.after,
                dilation: dilation.sizes, groups: groups))
    }
}

extension Tensor {
    /// A transposed convolution in one dimension (`torch.nn.functional.conv_transpose1d`).
    ///
    /// [N, C, L] or [C, L] with a weight [C, O / groups, F] and a bias [O] → [N, O, L'] or [O, L'],
    /// L' = (L − 1) · S − 2p + d · (F − 1) + q + 1. The output padding q must be less than stride or dilation.
    ///
    /// The arguments are those of ``ConvTranspose1d``; the kernel size is that of the weight.
    public func convTranspose1d(
        _ weight: Tensor, _ bias: Tensor? = nil, stride: any SpatialSize = 1, padding: any SpatialSize = 0,
        outputPadding: any SpatialSize = 0, groups: Int = 1, dilation: any SpatialSize = 1
    ) -> Tensor {
        transposedConvolution(1, weight, bias, stride, padding, outputPadding, groups, dilation)
    }

    /// A transposed convolution in two dimensions (`torch.nn.functional.conv_transpose2d`).
    ///
    /// [N, C, H, W] or [C, H, W] with a weight [C, O / groups, F, F] and a bias [O] → [N, O, H', W'] or [O, H', W'],
    /// H' = (H − 1) · S − 2p + d · (F − 1) + q + 1. The output padding q must be less than stride or dilation.
    ///
    /// The arguments are those of ``ConvTranspose2d``; the kernel size is that of the weight.
    public func convTranspose2d(
        _ weight: Tensor, _ bias: Tensor? = nil, stride: any SpatialSize = 1, padding: any SpatialSize = 0,
        outputPadding: any SpatialSize = 0, groups: Int = 1, dilation: any SpatialSize = 1
    ) -> Tensor {
        transposedConvolution(2, weight, bias, stride, padding, outputPadding, groups, dilation)
    }

    /// A transposed convolution in three dimensions (`torch.nn.functional.conv_transpose3d`).
    ///
    /// [N, C, D, H, W] or [C, D, H, W] with a weight [C, O / groups, F, F, F] and a bias [O] → [N, O, D', H', W'] or
    /// [O, D', H', W'], D' = (D − 1) · S − 2p + d · (F − 1) + q + 1. The output padding q must be less than stride or
    /// dilation.
    ///
    /// The arguments are those of ``ConvTranspose3d``; the kernel size is that of the weight.
    public func convTranspose3d(
        _ weight: Tensor, _ bias: Tensor? = nil, stride: any SpatialSize = 1, padding: any SpatialSize = 0,
        outputPadding: any SpatialSize = 0, groups: Int = 1, dilation: any SpatialSize = 1
    ) -> Tensor {
        transposedConvolution(3, weight, bias, stride, padding, outputPadding, groups, dilation)
    }

    private func transposedConvolution(
        _ rank: Int, _ weight: Tensor, _ bias: Tensor?, _ stride: any SpatialSize, _ padding: any SpatialSize,
        _ outputPadding: any SpatialSize, _ groups: Int, _ dilation: any SpatialSize
    ) -> Tensor {
        let operation = "conv_transpose\(rank)d"
        var arguments = LayerArguments(of: operation)
        let padding = arguments.sizes(padding, "padding", rank: rank, atLeast: 0).sizes
        let added = arguments.sizes(outputPadding, "outputPadding", rank: rank, atLeast: 0).sizes
        arguments.require(groups, "groups", atLeast: 1)
        let geometry = ConvolutionGeometry(
            stride: arguments.sizes(stride, "stride", rank: rank, atLeast: 1).sizes, paddingBefore: padding,
            paddingAfter: zip(padding, added).map { $0 - $1 },
            dilation: arguments.sizes(dilation, "dilation", rank: rank, atLeast: 1).sizes, groups: groups)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return .checked(like: [self]) { () throws(TensorError) in
            try geometry.check(outputPadding: added, operation: operation)
            return transposedConvolution(weight, bias, geometry: geometry)
        }
    }
}

extension Tensor {
    /// The elements of each sliding window as a column (`torch.nn.functional.unfold`).
    ///
    /// [N, C, H, W] or [C, H, W] → [N, C · kh · kw, L] or [C · kh · kw, L], see ``Unfold``.
    public func unfold(
        _ kernelSize: any SpatialSize, dilation: any SpatialSize = 1, padding: any SpatialSize = 0,
        stride: any SpatialSize = 1
    ) -> Tensor {
        var arguments = LayerArguments(of: "unfold")
        let window = arguments.window(kernelSize, dilation, padding, stride)
        return arguments.areValid ? unfold(window) : .poisoned(like: [self])
    }

    /// The sum of columns at the places of their sliding windows (`torch.nn.functional.fold`).
    ///
    /// [N, C · kh · kw, L] or [C · kh · kw, L] → [N, C, H, W] or [C, H, W], see ``Fold``.
    public func fold(
        _ outputSize: any SpatialSize, kernelSize: any SpatialSize, dilation: any SpatialSize = 1,
        padding: any SpatialSize = 0, stride: any SpatialSize = 1
    ) -> Tensor {
        var arguments = LayerArguments(of: "fold")
        let window = arguments.window(kernelSize, dilation, padding, stride)
        let image = arguments.sizes(outputSize, "outputSize", rank: 2, atLeast: 1).sizes
        return arguments.areValid ? fold(window, outputSize: image) : .poisoned(like: [self])
    }
}

extension LayerArguments {
    /// The kernel sizes of a weight [out, in, …]; nil, with an error, where it has another number of dimensions.
    fileprivate mutating func kernelSize(of weight: Tensor, rank: Int) -> SpatialSizes? {
        guard weight.rank == rank + 2 else {
            require(
                weight.value.node.isPoisoned,
                "the weight \(weight.shape.brackets) must have \(rank + 2) dimensions: [out, in / groups, …].")
            return nil
        }
        return SpatialSizes(Array(weight.shape.dimensions.dropFirst(2)))
    }
}
