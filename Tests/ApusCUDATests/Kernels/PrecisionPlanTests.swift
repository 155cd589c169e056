import ApusGraph
import ApusPlan
import Testing

@testable import ApusCUDA

/// How products of lower precision, and what stands between them, lie in the memory of a GPU.
@Suite struct PrecisionPlanTests {
    /// No machine has so many.
    private let device = CUDADevice.numbered(4096)
    private static let geometry = ConvolutionGeometry(
        stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 1)

    private func step(
        _ primitive: any Primitive, _ inputs: [TensorSpec], in layout: CUDALayout = CUDALayout(),
        readers: [any Primitive] = []
    ) throws -> StepDescription {
        let outputs = try primitive.infer(inputs)
        return StepDescription(
            primitive, inputs: inputs.map { PlannedValue($0, layout.physical($0.shape)) },
            outputs: outputs.map { PlannedValue($0) },
            uses: outputs.map { _ in .init(outlivesPlan: false, readers: readers) })
    }

    private func layouts(_ step: StepDescription) throws -> (inputs: [CUDALayout], outputs: [CUDALayout]) {
        let primitive = try #require(step.primitive as? any CUDALowerable)
        let layouts = try primitive.layouts(for: step, on: device)
        return (layouts.inputs.map(\.cuda), layouts.outputs.map(\.cuda))
    }

    @Test func aLayoutIsFoundAgainInAPlan() {
        let layouts =
            [CUDALayout(), .channelsLast] + HalfType.allCases.map(CUDALayout.plain)
            + HalfType.allCases.map(CUDALayout.channelsLast)
        let shape: Shape = [2, 8, 6, 6]
        for layout in layouts {
            #expect(layout.physical(shape).cuda == layout)
            #expect(layout.physical(shape).byteCount == (layout.half == nil ? nil : 2 * shape.elementCount))
        }
        #expect(Set(layouts.map { $0.physical(shape).name }).count == layouts.count)
    }

    @Test func aPrecisionSaysWhatFactorsAre() throws {
        func factors(_ precision: Precision, allowing: Bool) throws -> FactorType {
            try device.factors(precision, of: "matmul", allowsTensorFloat32: allowing)
        }
        #expect(try factors(.full, allowing: false) == .full)
        #expect(try factors(.full, allowing: true) == .tensorFloat32)
        for allowing in [false, true] {
            #expect(try factors(.tensorFloat32, allowing: allowing) == .tensorFloat32)
            #expect(try factors(.bfloat16, allowing: allowing) == .half(.bfloat16))
            #expect(try factors(.float16, allowing: allowing) == .half(.float16))
        }
    }

    /// Numbers of 16 bits lie as such; TF32 and what is not `float32` lie as they are.
    @Test(arguments: Precision.allCases, DType.reals) func productsLieAsTheyAreMultiplied(
        precision: Precision, dtype: DType
    ) throws {
        let half = dtype == .float32 ? HalfType(rawValue: precision.rawValue) : nil
        #expect((half != nil) == (precision.isHalf && dtype == .float32))
        let factor = half.map(CUDALayout.channelsLast) ?? CUDALayout()
        let (x, weight, y) = (dtype(2, 8, 6, 6), dtype(16, 8, 3, 3), dtype(2, 16, 6, 6))
        let forward = try layouts(
            step(Convolution(Self.geometry, precision: precision), [x, weight, dtype(16)]))
        #expect(forward.inputs == [factor, factor, CUDALayout()] && forward.outputs == [factor])
        let input = try layouts(
            step(ConvolutionInputGradient(Self.geometry, inputShape: x.shape, precision: precision), [y, weight]))
        #expect(input.inputs == [factor, factor] && input.outputs == [factor])
        let gradient = ConvolutionWeightGradient(
            Self.geometry, weightShape: weight.shape, withBias: true, precision: precision)
        let byWeight = try layouts(step(gradient, [x, y]))
        #expect(byWeight.inputs == [factor, factor] && byWeight.outputs == [CUDALayout(), CUDALayout()])
        let product = try step(MatMul(precision: precision), [dtype(4, 5), dtype(5, 6)])
        let plain = half.map(CUDALayout.plain) ?? CUDALayout()
        #expect(try layouts(product).inputs == [plain, plain] && layouts(product).outputs == [CUDALayout()])

        var planned = product
        for index in 0..<2 { planned.inputs[index].layout = plain.physical(product.inputs[index].spec.shape) }
        let expected: FactorType =
            half.map { .half($0) } ?? (precision == .tensorFloat32 && dtype == .float32 ? .tensorFloat32 : .full)
        #expect(try device.factors(of: planned, precision) == expected)
    }

    /// What lies between two convolutions is rounded where all who read it round it so anyway.
    @Test(arguments: HalfType.allCases) func resultsAreRoundedForReadersOfTheSameType(half: HalfType) throws {
        let relu = Pointwise(.relu)
        func output(_ readers: [Precision]) throws -> CUDALayout {
            let step = try step(
                relu, [DType.float32(2, 8, 6, 6)], in: .channelsLast(half),
                readers: readers.map { Convolution(Self.geometry, precision: $0) })
            return try layouts(step).outputs[0]
        }
        let own: Precision = half == .float16 ? .float16 : .bfloat16
        let other: Precision = half == .float16 ? .bfloat16 : .float16
        #expect(try output([own]) == .channelsLast(half))
        #expect(try output([own, own]) == .channelsLast(half))
        for readers in [[other], [own, other], [own, .full], [.tensorFloat32], []] {
            #expect(try output(readers) == .channelsLast, "\(readers)")
        }
    }

    /// Images of both types: nobody can tell which one the result is to have.
    @Test func mixedTypesGiveAllBits() throws {
        let x = DType.float32(2, 8, 6, 6)
        var step = try step(
            Pointwise(.add), [x, x], in: .channelsLast(.float16), readers: [Pointwise(.relu)])
        step.inputs[1].layout = CUDALayout.channelsLast(.bfloat16).physical(x.shape)
        let layouts = try layouts(step)
        #expect(layouts.inputs == [.channelsLast(.float16), .channelsLast(.bfloat16)])
        #expect(layouts.outputs == [.channelsLast])
    }
}
