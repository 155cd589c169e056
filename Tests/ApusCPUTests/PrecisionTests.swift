import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusCPU

/// Products of `bfloat16` against the reference, which rounds the factors and multiplies exactly.
@Suite struct PrecisionTests {
    /// Where the processor has no such instructions the refusal is tested instead.
    @Test(arguments: [1, 2, 3]) func convolutionsAgreeWithTheReference(kernel: Int) throws {
        var generator = SeededGenerator(seed: 11)
        let geometry = ConvolutionGeometry(
            stride: [1, 2], paddingBefore: [1, 1], paddingAfter: [1, 0], dilation: [1, 1], groups: 1)
        let x = TestArray.random([2, 16, 7, 8], using: &generator)
        let weight = TestArray.random([32, 16, kernel, kernel], using: &generator)
        let y = try Convolution(geometry).infer([x.spec, weight.spec])[0].shape
        let dy = TestArray.random(y, using: &generator)
        let forward = Convolution(geometry, precision: .bfloat16)
        let toInput = ConvolutionInputGradient(geometry, inputShape: x.spec.shape, precision: .bfloat16)
        let toWeight = ConvolutionWeightGradient(
            geometry, weightShape: weight.spec.shape, withBias: false, precision: .bfloat16)
        guard CPUInfo.supportsBFloat16 else {
            #expect(throws: TensorError.self) { try KernelRunner.cpu(forward, [x, weight]) }
            #expect(throws: TensorError.self) { try KernelRunner.cpu(toInput, [dy, weight]) }
            #expect(throws: TensorError.self) { try KernelRunner.cpu(toWeight, [x, dy]) }
            return
        }
        // Products of bfloat16 are exact in float32; only the sums are rounded.
        try expectSameSums(forward, [x, weight], terms: [16 * kernel * kernel])
        try expectSameSums(toInput, [dy, weight], terms: [32 * kernel * kernel])
        try expectSameSums(toWeight, [x, dy], terms: [y.elementCount / 32])
    }

    @Test func matrixProductsAgreeWithTheReference() throws {
        var generator = SeededGenerator(seed: 12)
        let a = TestArray.random([5, 19], using: &generator)
        let b = TestArray.random([19, 33], using: &generator)
        let product = MatMul(precision: .bfloat16)
        guard CPUInfo.supportsBFloat16 else {
            #expect(throws: TensorError.self) { try KernelRunner.cpu(product, [a, b]) }
            return
        }
        try expectSameSums(product, [a, b], terms: [19])
    }

    /// What the mode does to factors, seen through the reference: 1 + 2⁻⁸ lies halfway and goes to even, 1 + 2⁻⁷ stays.
    @Test func factorsAreRoundedToEven() throws {
        let a = TestArray([1 + 0x1p-8, 1 + 0x1p-7, 1 + 0x1.8p-7, -3.0039], [4, 1])
        let one = TestArray([1], [1, 1])
        let exact = try KernelRunner.reference(MatMul(precision: .full), [a, one])[0]
        let rounded = try KernelRunner.reference(MatMul(precision: .bfloat16), [a, one])[0]
        let kept: [Double] = [1 + 0x1p-8, 1 + 0x1p-7, 1 + 0x1.8p-7, Double(Float(-3.0039))]
        let nearest: [Double] = [1, 1 + 0x1p-7, 1 + 0x1p-6, -3]
        #expect(exact.values == kept)
        #expect(rounded.values == nearest)
    }

    /// Gradients have the precision of what was recorded, also where `backward()` is called outside.
    @Test func gradientsKeepThePrecision() {
        let x = Tensor.ones(1, 1, 3, 3).requiringGrad()
        let weight = Tensor.ones(1, 1, 2, 2).requiringGrad()
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)
        let y = autocast(.bfloat16) { x.convolution(weight, geometry: geometry) }
        y.sum().backward()
        for tensor in [y, x.grad, weight.grad].compactMap({ $0 }) {
            guard case .pending(let primitive, _) = tensor.value.node.work else {
                Issue.record("computed too early")
                continue
            }
            #expect(primitive.name.hasPrefix("bfloat16 convolution"))
        }
        #expect(autocast(.bfloat16) { autocast(.full) { MatMul().precision } } == .full)
    }
}
