import ApusGraph
import ApusPlan
import CKernels
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
    if left.shape.rank == 2, precision == .full,
        let small = SmallMatMul(matmul, rows: m, inner: k, columns: n, hasBias: hasBias, activation)
    {
        return small.step
    }
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

/// A product of two matrices by a kernel of ours, for sizes at which oneDNN's general one has little to share out.
private struct SmallMatMul: Sendable {
    private let sizes: ApusMatMul
    private let hasBias: Bool
    private let activation: CKernels.ApusActivation

    /// The multiplications of the largest products, those of at most `fewRows` rows and all others. With AVX2 on two cores
    /// oneDNN takes 1.2 to 1.6 times as long for 8 to 64 rows, and within LeNet's step of 16 images twice as long; from 100
    /// rows on there is little between the two, and oneDNN is ahead by a fifth at 256 × 256 × 256.
    private static let largest = (fewRows: 1 << 24, other: 1 << 22)
    private static let fewRows = 64
    /// Each panel of the right factor is packed for some rows at least.
    private static let leastRows = 8

    /// nil where oneDNN's kernels are the better ones: it has others for small products with AVX-512.
    init?(_ matmul: MatMul, rows: Int, inner: Int, columns: Int, hasBias: Bool, _ activation: Activation?) {
        let largest = rows <= Self.fewRows ? Self.largest.fewRows : Self.largest.other
        guard apus_kernels_isa() == ApusISAAVX2, rows >= Self.leastRows, rows * inner * columns <= largest else {
            return nil
        }
        let (rowStride, innerStride) = matmul.transposesLeft ? (1, rows) : (inner, 1)
        sizes = ApusMatMul(
            rows: Int64(rows), columns: Int64(columns), inner: Int64(inner), leftRowStride: Int64(rowStride),
            leftInnerStride: Int64(innerStride), transposesRight: matmul.transposesRight ? 1 : 0)
        (self.hasBias, self.activation) = (hasBias, activation.lanes)
    }

    var step: PreparedStep {
        let blocks = withUnsafePointer(to: sizes) { Int(apus_matmul_blocks($0)) }
        // Multiplications and additions by vectors take an eighth of what simple arithmetic in memory takes.
        let work = Int(sizes.rows * sizes.inner * sizes.columns) / 8
        let grain = max(1, Parallel.smallWork * blocks / max(1, work))
        return PreparedStep(kernel: "small matmul") { [self] operands, _ in
            let bias = hasBias ? operands[2].floats : nil
            Parallel.ranges(blocks, grain: grain) { range, _ in
                withUnsafePointer(to: sizes) {
                    apus_matmul(
                        $0, operands[0].floats, operands[1].floats, bias, activation, operands[hasBias ? 3 : 2].floats,
                        Int64(range.lowerBound), Int64(range.upperBound))
                }
            }
        }
    }
}
