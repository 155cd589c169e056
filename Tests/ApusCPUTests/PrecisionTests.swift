import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusCPU

/// Products of lower precision against the reference, which rounds the factors and multiplies exactly.
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

    /// `float16` from the smallest numbers to infinity: the bits of 2⁻²⁴ · n, ties to even, 65504 the largest.
    @Test(
        arguments: [
            (0x1p-25, 0), (0x1.8p-24, 0x1p-23), (0x1.4p-24, 0x1p-24), (0x1.00002p-25, 0x1p-24), (-3e-8, -0x1p-24),
            (0x1p-14, 0x1p-14), (1 + 0x1p-11, 1), (1 + 0x1.8p-10, 1 + 0x1p-9), (-2049, -2048), (2051, 2052),
            (65504, 65504), (65519.99609375, 65504), (65520, .infinity), (-1e6, -.infinity), (.infinity, .infinity),
            (-0.0, 0),
        ] as [(Double, Double)]) func float16IsRoundedToEven(value: Double, nearest: Double) throws
    {
        let one = TestArray([1], [1, 1])
        let product = MatMul(precision: .float16)
        let rounded = try KernelRunner.reference(product, [TestArray([value], [1, 1]), one])[0]
        #expect(rounded.values == [nearest])
        let number = try KernelRunner.reference(product, [TestArray([.nan], [1, 1]), one])[0]
        #expect(number.values[0].isNaN)
    }

    /// There are no kernels for it: the error says what to do.
    @Test func float16IsRefused() throws {
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)
        let (x, weight) = (TestArray([1, 2, 3, 4], [1, 1, 2, 2]), TestArray([1], [1, 1, 1, 1]))
        let steps: [(any Primitive, [TestArray])] = [
            (Convolution(geometry, precision: .float16), [x, weight]),
            (ConvolutionInputGradient(geometry, inputShape: x.spec.shape, precision: .float16), [x, weight]),
            (
                ConvolutionWeightGradient(
                    geometry, weightShape: weight.spec.shape, withBias: false, precision: .float16), [x, x]
            ),
            (MatMul(precision: .float16), [TestArray([1], [1, 1]), TestArray([1], [1, 1])]),
        ]
        for (primitive, inputs) in steps {
            let error = #expect(throws: TensorError.self) { try KernelRunner.cpu(primitive, inputs) }
            #expect(error?.description.contains("CPUs have no kernels for float16") == true)
            #expect(error?.description.contains("float16 \(type(of: primitive).name)") == true)
        }
    }

    /// A permission that a CPU does not use: the bits of full precision.
    @Test func tensorFloat32IsComputedInFull() throws {
        var generator = SeededGenerator(seed: 13)
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 1)
        let x = TestArray.random([2, 16, 9, 9], using: &generator)
        let weight = TestArray.random([8, 16, 3, 3], using: &generator)
        let (a, b) = (TestArray.random([5, 19], using: &generator), TestArray.random([19, 3], using: &generator))
        let backends: [(any Primitive, [TestArray]) throws -> [TestArray]] = [KernelRunner.cpu, KernelRunner.reference]
        for backend in backends {
            let full = try backend(Convolution(geometry), [x, weight])[0].values
            #expect(try backend(Convolution(geometry, precision: .tensorFloat32), [x, weight])[0].values == full)
            let product = try backend(MatMul(precision: .full), [a, b])[0].values
            #expect(try backend(MatMul(precision: .tensorFloat32), [a, b])[0].values == product)
        }
    }

    /// Gradients have the precision of what was recorded, also where `backward()` is called outside.
    @Test(arguments: [Precision.tensorFloat32, .bfloat16, .float16]) func gradientsKeepThePrecision(
        precision: Precision
    ) {
        let x = Tensor.ones(1, 1, 3, 3).requiringGrad()
        let weight = Tensor.ones(1, 1, 2, 2).requiringGrad()
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)
        let y = autocast(precision) { x.convolution(weight, geometry: geometry) }
        y.sum().backward()
        for tensor in [y, x.grad, weight.grad].compactMap({ $0 }) {
            guard case .pending(let primitive, _) = tensor.value.node.work else {
                Issue.record("computed too early")
                continue
            }
            #expect(primitive.name.hasPrefix("\(precision) convolution"))
        }
        #expect(autocast(precision) { autocast(.full) { MatMul().precision } } == .full)
    }
}
