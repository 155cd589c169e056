import ApusGraph
import ApusPlan

extension FusedPointwise {
    /// The layouts of a program over images of which at least half lie with channels last, and whose other inputs have one
    /// element: all lie so, those that are plain as `float32`. nil where that is not so.
    ///
    /// Results are kept as numbers of 16 bits where inputs are, all as the same ones, and where nobody reads them who would
    /// take more bits or others: a loss, the program, a convolution of another precision.
    func channelsLastLayouts(_ step: StepDescription) -> StepLayouts? {
        guard shapes.count == 1, shapes[0].rank == 4, shapes[0].elementCount > 0 else { return nil }
        let shape = shapes[0]
        let images = step.inputs.filter { $0.spec.shape == shape }
        let fitting = images.filter(\.layout.cuda.isChannelsLast)
        guard !fitting.isEmpty, 2 * fitting.count >= images.count,
            step.inputs.allSatisfy({ $0.spec.shape == shape || $0.spec.shape.elementCount == 1 })
        else { return nil }
        var layouts = StepLayouts.plain(step)
        for (index, input) in step.inputs.enumerated() where input.spec.shape == shape {
            layouts.inputs[index] =
                input.layout.cuda.isChannelsLast ? input.layout : CUDALayout.channelsLast.physical(shape)
        }
        let halves = Set(fitting.compactMap(\.layout.cuda.half))
        let half = halves.count == 1 ? halves.first : nil
        for (index, output) in step.outputs.enumerated() {
            let use = step.uses[index]
            let rounds =
                output.spec.dtype == .float32 && !use.outlivesPlan && !use.readers.isEmpty
                && use.readers.allSatisfy { reader in half.map(reader.readsImages) ?? false }
            layouts.outputs[index] = CUDALayout(isChannelsLast: true, half: rounds ? half : nil).physical(shape)
        }
        return layouts
    }
}

extension Primitive {
    /// Whether a step reads images that are kept as numbers of 16 bits, because it rounds them so anyway or makes such ones
    /// of them.
    fileprivate func readsImages(of half: HalfType) -> Bool {
        switch self {
        case let convolution as Convolution: convolution.precision == half.precision
        case let fused as FusedConvolution: fused.convolution.precision == half.precision && !fused.addsInput
        case let gradient as ConvolutionInputGradient: gradient.precision == half.precision
        case let gradient as ConvolutionWeightGradient: gradient.precision == half.precision
        case is BatchNormalization, is FusedBatchNormalization, is ChannelNormalization: true
        case is BatchNormalizationGradient, is FusedBatchNormalizationGradient: true
        case is MaxPool, is MaxPoolGradient, is AveragePool, is AdaptiveAveragePool: true
        case is Pointwise, is FusedPointwise: true
        default: false
        }
    }
}

extension HalfType {
    /// The precision of products of such numbers.
    fileprivate var precision: Precision {
        switch self {
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
    }
}
