import ApusGraph
import ApusPlan

@testable import ApusCUDA

/// A primitive with the shapes and types of its inputs, as plans have it.
struct SampleStep: Sendable, CustomStringConvertible {
    let primitive: any Primitive
    let inputs: [TensorSpec]
    /// How inputs and results that are images of `float32` lie; a step chooses those of the results by itself.
    let layout: CUDALayout
    /// How the results lie, where it is the layout pass that says so.
    let target: CUDALayout?

    init(
        _ primitive: any Primitive, _ inputs: [TensorSpec] = [], in layout: CUDALayout = CUDALayout(),
        to target: CUDALayout? = nil
    ) {
        (self.primitive, self.inputs, self.layout, self.target) = (primitive, inputs, layout, target)
    }

    var description: String {
        "\(type(of: primitive)) (\(primitive.name)) of "
            + inputs.map { "\($0.shape.brackets) \($0.dtype)" }.joined(separator: ", ")
            + (layout == CUDALayout() ? "" : ", \(layout.physical([1]))")
    }

    /// The step, all of whose results outlive the plan.
    func step() throws -> StepDescription {
        let outputs = try primitive.infer(inputs)
        return StepDescription(
            primitive, inputs: inputs.map { value($0, layout) },
            outputs: outputs.map { value($0, target ?? CUDALayout()) },
            uses: outputs.map { _ in .init(outlivesPlan: target == nil && layout == CUDALayout(), readers: []) })
    }

    private func value(_ spec: TensorSpec, _ layout: CUDALayout) -> PlannedValue {
        PlannedValue(spec, spec.shape.rank == 4 && spec.dtype == .float32 ? layout.physical(spec.shape) : .plain)
    }

    /// Every primitive with every type that it admits.
    static let all: [SampleStep] =
        creation + movement + indexing + pointwise + reductions + pooling + convolutions + products + normalizations
        + losses + resampling + reducedPrecision
}

extension DType {
    static let reals: [DType] = [.float32, .float64]

    /// A tensor of the type.
    func callAsFunction(_ sizes: Int...) -> TensorSpec { TensorSpec(Shape(sizes), self) }
}
