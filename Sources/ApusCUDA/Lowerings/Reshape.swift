import ApusGraph
import ApusPlan

extension Reshape: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep { copyStep(step, on: device) }
}
