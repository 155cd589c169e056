import ApusGraph
import ApusPlan
import COneDNN

extension MatMul: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        try lowerMatMul(self, hasBias: false, activation: nil, step)
    }
}

extension FusedMatMul: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        try lowerMatMul(matmul, hasBias: hasBias, activation: activation, step)
    }
}

/// A transposed operand is the plain one under other strides.
private func lowerMatMul(
    _ matmul: MatMul, hasBias: Bool, activation: Activation?, _ step: StepDescription
) throws -> PreparedStep? {
    let (left, right, result) = (step.inputs[0].spec, step.inputs[1].spec, step.outputs[0].spec)
    guard left.dtype == .float32, result.shape.elementCount > 0, left.shape.elementCount > 0 else { return nil }
    let (batch, m, k, n) = matmul.sizes(left.shape, right.shape)
    func descriptor(_ rows: Int, _ columns: Int, isTransposed: Bool) throws -> OneDNNDescriptor {
        let strides = isTransposed ? [1, rows] : [columns, 1]
        return left.shape.rank == 2
            ? try .plain([rows, columns], strides: strides)
            : try .plain([batch, rows, columns], strides: [rows * columns] + strides)
    }
    let a = try descriptor(m, k, isTransposed: matmul.transposesLeft)
    let b = try descriptor(k, n, isTransposed: matmul.transposesRight)
    let c = try descriptor(m, n, isTransposed: false)
    let bias = hasBias ? try OneDNNDescriptor.plain([n]) : nil
    let primitive = try OneDNNPrimitive(
        apus_onednn_matmul(a.handle, b.handle, bias?.handle, c.handle, activation.oneDNN))
    guard !primitive.isReference else { return nil }
    return primitive.step([.source, .weights] + (hasBias ? [.bias] : []) + [.destination])
}
