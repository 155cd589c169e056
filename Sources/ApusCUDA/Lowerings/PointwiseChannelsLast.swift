import ApusGraph
import ApusPlan

extension FusedPointwise {
    /// The layouts of a program over images of which at least half lie with channels last, and whose other inputs have one
    /// element: all lie so, those that are plain as `float32`. nil where that is not so.
    ///
    /// Results are kept as `bfloat16` where an input is, and where nobody reads them who would take all bits: a loss, the
    /// program, a convolution of full precision.
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
        let hasBFloat16 = fitting.contains { $0.layout.cuda.isBFloat16 }
        for (index, output) in step.outputs.enumerated() {
            let use = step.uses[index]
            let rounds =
                hasBFloat16 && output.spec.dtype == .float32 && !use.outlivesPlan
                && !use.readers.isEmpty && use.readers.allSatisfy(\.readsBFloat16Images)
            layouts.outputs[index] = (rounds ? CUDALayout.channelsLastBFloat16 : .channelsLast).physical(shape)
        }
        return layouts
    }
}

extension Primitive {
    /// Whether a step reads images that are kept as `bfloat16`, because it rounds them anyway or makes such ones of them.
    fileprivate var readsBFloat16Images: Bool {
        switch self {
        case let convolution as Convolution: convolution.precision == .bfloat16
        case let fused as FusedConvolution: fused.convolution.precision == .bfloat16 && !fused.addsInput
        case let gradient as ConvolutionInputGradient: gradient.precision == .bfloat16
        case let gradient as ConvolutionWeightGradient: gradient.precision == .bfloat16
        case is BatchNormalization, is FusedBatchNormalization, is ChannelNormalization: true
        case is BatchNormalizationGradient, is FusedBatchNormalizationGradient: true
        case is MaxPool, is MaxPoolGradient, is AveragePool, is AdaptiveAveragePool: true
        case is Pointwise, is FusedPointwise: true
        default: false
        }
    }
}
