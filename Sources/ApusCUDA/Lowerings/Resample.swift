import ApusGraph
import ApusPlan
import CCUDA

/// A resampling as its kernels take it.
private struct ResamplingSizes: Sendable {
    private let dimensions: ApusDimensions
    private let indexType: String
    private let dtype: DType
    let scratchBytes: Int
    /// The positions of all dimensions, and their elements.
    let positions: Int
    let elements: Int

    init(_ resample: Resample, input: Shape, output: Shape, _ dtype: DType, isOfGradient: Bool) throws {
        let rank = resample.outputSizes.count
        let missing = [Int](repeating: 1, count: 3 - rank)
        let inputs = missing + input.dimensions.dropFirst(2)
        let outputs = missing + output.dimensions.dropFirst(2)
        let taps = (0..<rank).map { dimension in
            let taps = resample.taps(
                dimension, inputSize: input[dimension + 2], isSinglePrecision: dtype == .float32,
                isOfGradient: isOfGradient)
            return max(1, taps.positions.map(\.count).max() ?? 1)
        }
        let mostTaps = missing + taps
        var (tables, end) = ([Int](), 0)
        for dimension in 0..<3 {
            tables.append(end)
            let numbers = 2 * (inputs[dimension] + outputs[dimension]) * DType.int64.byteCount
            let weights = outputs[dimension] * mostTaps[dimension] * dtype.byteCount
            end += (numbers + weights + 7) / 8 * 8
        }
        let (filter, curve, alignsCorners) = resample.filter.numbers
        let ignoresScale = rank == 2 || isOfGradient
        let scales = missing.map { _ in 0 } + resample.scales.map { Int(bitPattern: UInt(($0 ?? 0).bitPattern)) }
        let magics = (inputs + outputs).map { KernelDivision.magic($0) }
        let options = [filter, curve, alignsCorners ? 1 : 0, ignoresScale ? 1 : 0]
        var dimensions = try ApusDimensions(
            inputs + outputs + mostTaps + options, strides: magics + tables + scales, of: Resample.name)
        dimensions.rank = Int64(rank)
        self.dimensions = dimensions
        self.dtype = dtype
        scratchBytes = end
        (positions, elements) = (outputs.reduce(0, +), inputs.reduce(0, +))
        let tableSizes = zip(outputs, mostTaps).map { $0 * $1 }
        let largest = (tableSizes + inputs + [input.elementCount, output.elementCount]).max() ?? 0
        indexType = KernelDivision.indexType(below: largest)
    }

    func kernel(_ name: String) -> CUDAKernel {
        CUDAKernel(.resample, name, types: ["T": dtype], macros: ["I": indexType, "R": "\(dimensions.rank)"])
    }

    /// The argument `Resampling`.
    var argument: KernelArgument { .dimensions(dimensions) }
}

extension ResamplingFilter {
    /// As the kernels name them: the filter, the curve, and whether corners are aligned.
    fileprivate var numbers: (filter: Int, curve: Int, alignsCorners: Bool) {
        switch self {
        case .nearest: (0, 0, false)
        case .nearestExact: (1, 0, false)
        case .linear(let alignsCorners): (2, 0, alignsCorners)
        case .cubic(let alignsCorners): (3, 0, alignsCorners)
        case .area: (4, 0, false)
        case .antialiased(.linear, let alignsCorners): (5, 0, alignsCorners)
        case .antialiased(.cubic, let alignsCorners): (5, 1, alignsCorners)
        case .antialiased(.lanczos, let alignsCorners): (5, 2, alignsCorners)
        }
    }
}

extension Resample: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (x, y) = (step.inputs[0].spec, step.outputs[0].spec)
        let sizes = try ResamplingSizes(self, input: x.shape, output: y.shape, x.dtype, isOfGradient: false)
        let (taps, kernel, count) = (sizes.kernel("resample_taps"), sizes.kernel("resample"), y.shape.elementCount)
        return PreparedStep(kernel: "resample", scratchBytes: sizes.scratchBytes) { operands, scratch in
            guard count > 0 else { return }
            try taps.launch(
                on: device, count: sizes.positions, .address(scratch), sizes.argument, .int(sizes.positions))
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .address(scratch),
                sizes.argument, .int(count))
        }
    }
}

extension ResampleGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (dy, count) = (step.inputs[0].spec, inputShape.elementCount)
        let sizes = try ResamplingSizes(resample, input: inputShape, output: dy.shape, dy.dtype, isOfGradient: true)
        let (taps, positions) = (sizes.kernel("resample_taps"), sizes.kernel("resample_positions"))
        let kernel = sizes.kernel("resample_gradient")
        return PreparedStep(kernel: "resample gradient", scratchBytes: sizes.scratchBytes) { operands, scratch in
            guard count > 0 else { return }
            try taps.launch(
                on: device, count: sizes.positions, .address(scratch), sizes.argument, .int(sizes.positions))
            try positions.launch(
                on: device, count: sizes.elements, .address(scratch), sizes.argument, .int(sizes.elements))
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .address(scratch),
                sizes.argument, .int(count))
        }
    }
}
