import ApusGraph
import ApusPlan

extension Relayout: CUDALowerable {
    /// From the plain layout to itself: there is no other one here.
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (source, target) = (step.inputs[0].layout, step.outputs[0].layout)
        guard source == .plain, target == .plain else {
            throw TensorError(name, "CUDA knows the plain layout only, not \(source == .plain ? target : source).")
        }
        return copyStep(step, on: device)
    }
}
