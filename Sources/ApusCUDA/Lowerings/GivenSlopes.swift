import ApusGraph
import ApusPlan

extension GivenSlopes: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep { copyStep(step, on: device) }
}
