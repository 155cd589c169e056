import ApusGraph
import ApusPlan

/// The rows along one dimension of an array.
private struct SoftmaxRows {
    let length: Int
    let step: Int
    let groups: RowGroups

    init(_ shape: Shape, along dimension: Int) {
        let sizes = shape.dimensions
        length = sizes[dimension]
        step = sizes[(dimension + 1)...].reduce(1, *)
        let rows = length == 0 ? 0 : shape.elementCount / length
        groups = RowGroups(rows: rows, length: length, isContiguous: step == 1)
    }
}

extension Softmax: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[0].spec
        let rows = SoftmaxRows(spec.shape, along: dimension)
        let name = isLogarithm ? "log_softmax" : "softmax"
        let kernel = CUDAKernel(SoftmaxKernels.source, name, types: ["T": spec.dtype])
        return PreparedStep(kernel: name) { operands, _ in
            try kernel.launch(
                on: device, blocks: rows.groups.blocks, threads: rows.groups.threads, .address(operands[0]),
                .address(operands[1]), .int(rows.groups.rows), .int(rows.length), .int(rows.step),
                .int(rows.groups.lanes))
        }
    }
}

extension SoftmaxGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[0].spec
        let rows = SoftmaxRows(spec.shape, along: softmax.dimension)
        let name = softmax.isLogarithm ? "log_softmax_gradient" : "softmax_gradient"
        let kernel = CUDAKernel(SoftmaxKernels.source, name, types: ["T": spec.dtype])
        return PreparedStep(kernel: name) { operands, _ in
            try kernel.launch(
                on: device, blocks: rows.groups.blocks, threads: rows.groups.threads, .address(operands[0]),
                .address(operands[1]), .address(operands[2]), .int(rows.groups.rows), .int(rows.length),
                .int(rows.step), .int(rows.groups.lanes))
        }
    }
}

extension SoftmaxCrossEntropy: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (spec, classes) = (step.inputs[0].spec, step.inputs[1].spec.shape)
        let rows = SoftmaxRows(spec.shape, along: 1)
        let kernel = CUDAKernel(SoftmaxKernels.source, "softmax_cross_entropy", types: ["T": spec.dtype])
        let numbers = loss.classNumbers(inputShape: spec.shape)
        let fault = loss.classFault(classes: classes, inputShape: spec.shape, on: device)
        let (weight, y) = (loss.isWeighted ? 2 : 0, step.inputs.count)
        // Samples without any class still have a loss, if only that of an ignored class.
        let samples = classes.elementCount
        let groups =
            rows.length > 0 ? rows.groups : RowGroups(rows: samples, length: 0, isContiguous: true)
        return PreparedStep(kernel: "softmax_cross_entropy") { operands, _ in
            try kernel.launch(
                on: device, blocks: groups.blocks, threads: groups.threads, .address(operands[0]),
                .address(operands[1]), .address(operands[weight]), .address(operands[y]), .address(operands[y + 1]),
                .address(operands[y + 2]), .int(numbers[0]), .int(numbers[1]), .int(numbers[2]), .int(numbers[3]),
                .int(numbers[4]), .int(samples), .int(groups.lanes), .fault(fault))
        }
    }
}

extension SoftmaxCrossEntropyGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (spec, classes) = (step.inputs[0].spec, step.inputs[2].spec.shape)
        let kernel = CUDAKernel(SoftmaxKernels.source, "softmax_cross_entropy_gradient", types: ["T": spec.dtype])
        let numbers = loss.classNumbers(inputShape: spec.shape)
        let fault = loss.classFault(classes: classes, inputShape: spec.shape, on: device)
        let (weight, dx, count) = (loss.isWeighted ? 3 : 0, step.inputs.count, spec.shape.elementCount)
        return PreparedStep(kernel: "softmax_cross_entropy_gradient") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .address(operands[2]),
                .address(operands[weight]), .address(operands[dx]), .int(numbers[0]), .int(numbers[1]),
                .int(numbers[2]), .int(numbers[3]), .int(numbers[4]), .int(count), .fault(fault))
        }
    }
}
