import ApusGraph
import ApusPlan
import COneDNN

extension MatMul: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? { try matmulLayouts(self, step) }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        try lowerMatMul(self, hasBias: false, activation: nil, step)
    }
}

extension FusedMatMul: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? { try matmulLayouts(matmul, step) }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        try lowerMatMul(matmul, hasBias: hasBias, activation: activation, step)
    }
}

/// Row-major; both factors as `bfloat16` where that is the precision.
private func matmulLayouts(_ matmul: MatMul, _ step: StepDescription) throws -> StepLayouts {
    var layouts = StepLayouts.plain(step)
    let factors = step.inputs.prefix(2).map(\.spec)
    guard matmul.precision.isHalf, factors[0].dtype == .float32,
        (factors + [step.outputs[0].spec]).allSatisfy({ $0.shape.elementCount > 0 })
    else { return layouts }
    try CPUInfo.check(matmul.precision, of: matmul.name)
    for (index, factor) in factors.enumerated() { layouts.inputs[index] = try .bfloat16(factor.shape) }
    return layouts
}

/// A transposed operand is the plain one under other strides.
private func lowerMatMul(
    _ matmul: MatMul, hasBias: Bool, activation: Activation?, _ step: StepDescription
) throws -> PreparedStep? {
    let (left, right, result) = (step.inputs[0].spec, step.inputs[1].spec, step.outputs[0].spec)
    guard left.dtype == .float32, result.shape.elementCount > 0, left.shape.elementCount > 0 else { return nil }
    let (batch, m, k, n) = matmul.sizes(left.shape, right.shape)
    let precision: Precision = step.inputs[0].layout.isBFloat16 ? .bfloat16 : .full
    func descriptor(
        _ rows: Int, _ columns: Int, isTransposed: Bool, _ precision: Precision = .full
    ) throws -> OneDNNDescriptor {
        let strides = isTransposed ? [1, rows] : [columns, 1]
        return left.shape.rank == 2
            ? try .plain([rows, columns], strides: strides, precision)
            : try .plain([batch, rows, columns], strides: [rows * columns] + strides, precision)
    }
    let a = try descriptor(m, k, isTransposed: matmul.transposesLeft, precision)
    let b = try descriptor(k, n, isTransposed: matmul.transposesRight, precision)
    let c = try descriptor(m, n, isTransposed: false)
    let bias = hasBias ? try OneDNNDescriptor.plain([n]) : nil
    let primitive = try OneDNNPrimitive(
        apus_onednn_matmul(a.handle, b.handle, bias?.handle, c.handle, activation.oneDNN))
    guard !primitive.isReference else { return nil }
    return primitive.step([.source, .weights] + (hasBias ? [.bias] : []) + [.destination])
}
