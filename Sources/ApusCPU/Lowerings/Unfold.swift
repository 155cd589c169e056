import ApusGraph
import ApusPlan
import CKernels

extension Unfold: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let planes = WindowPlanes(window, image: step.inputs[0].spec, columns: step.outputs[0].spec) else {
            return nil
        }
        return PreparedStep(kernel: "planes") { operands, _ in
            planes.inParallel { window, begin, end in
                apus_unfold(window, operands[0].floats, operands[1].floats, begin, end)
            }
        }
    }
}

extension Fold: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let planes = WindowPlanes(window, image: step.outputs[0].spec, columns: step.inputs[0].spec) else {
            return nil
        }
        return PreparedStep(kernel: "planes") { operands, _ in
            planes.inParallel { window, begin, end in
                apus_fold(window, operands[0].floats, operands[1].floats, begin, end)
            }
        }
    }
}

/// The planes of images [N, C, H, W], whose windows stand in columns.
private struct WindowPlanes: Sendable {
    private let window: ApusSlidingWindow
    private let count: Int
    private let work: Int

    /// nil for types other than `float32`, and without elements.
    init?(_ window: SlidingWindow, image: TensorSpec, columns: TensorSpec) {
        guard image.dtype == .float32, image.shape.elementCount > 0 else { return nil }
        let blocks = window.blocks(Array(image.shape.dimensions.suffix(2)))
        self.window = ApusSlidingWindow(
            height: Int64(image.shape[2]), width: Int64(image.shape[3]), blockRows: Int64(blocks[0]),
            blockColumns: Int64(blocks[1]), kernelHeight: Int64(window.kernelSize[0]),
            kernelWidth: Int64(window.kernelSize[1]), strideHeight: Int64(window.stride[0]),
            strideWidth: Int64(window.stride[1]), paddingHeight: Int64(window.padding[0]),
            paddingWidth: Int64(window.padding[1]), dilationHeight: Int64(window.dilation[0]),
            dilationWidth: Int64(window.dilation[1]))
        count = image.shape[0] * image.shape[1]
        work = max(1, columns.shape.elementCount / count)
    }

    func inParallel(_ body: (UnsafePointer<ApusSlidingWindow>, Int64, Int64) -> Void) {
        Parallel.ranges(count, grain: max(1, Parallel.smallWork / work)) { range, _ in
            withUnsafePointer(to: window) { body($0, Int64(range.lowerBound), Int64(range.upperBound)) }
        }
    }
}
