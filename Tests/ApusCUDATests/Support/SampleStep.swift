import ApusGraph
import ApusPlan

/// A primitive with the shapes and types of its inputs, as plans have it.
struct SampleStep: Sendable, CustomStringConvertible {
    let primitive: any Primitive
    let inputs: [TensorSpec]

    init(_ primitive: any Primitive, _ inputs: [TensorSpec] = []) {
        self.primitive = primitive
        self.inputs = inputs
    }

    var description: String {
        "\(type(of: primitive)) (\(primitive.name)) of "
            + inputs.map { "\($0.shape.brackets) \($0.dtype)" }.joined(separator: ", ")
    }

    /// The step, all of whose results outlive the plan.
    func step() throws -> StepDescription {
        let outputs = try primitive.infer(inputs)
        return StepDescription(
            primitive, inputs: inputs.map { PlannedValue($0) }, outputs: outputs.map { PlannedValue($0) },
            uses: outputs.map { _ in .init(outlivesPlan: true, readers: []) })
    }

    /// Every primitive with every type that it admits.
    static let all: [SampleStep] =
        creation + movement + indexing + pointwise + reductions + pooling + convolutions + products + normalizations
        + losses + resampling
}

extension DType {
    static let reals: [DType] = [.float32, .float64]

    /// A tensor of the type.
    func callAsFunction(_ sizes: Int...) -> TensorSpec { TensorSpec(Shape(sizes), self) }
}
