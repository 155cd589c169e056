import ApusGraph
import ApusPlan
import CKernels

extension PoolingGeometry {
    /// Two spatial dimensions, dense windows of at most 256 places.
    fileprivate var fitsLanes: Bool {
        spatialRank == 2 && dilation == [1, 1] && kernelSize[0] * kernelSize[1] <= 256
    }
}

extension PhysicalLayout {
    /// Positions that nobody reads, and that are not computed.
    private static let unread = PhysicalLayout(name: "unread", byteCount: 1)

    /// How a pooling writes its positions: not at all where nobody reads them.
    static func positions(_ use: StepDescription.ResultUse) -> PhysicalLayout { use.isUsed ? .plain : .unread }
}

extension MaxPool: CPULowerable {
    /// In lanes (or blocks of sixteen channels) where the input lies so and only gradients read the positions, which are
    /// bytes there.
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard isSupported(step) else { return nil }
        let positions = step.uses[1]
        guard geometry.fitsLanes, let kind = LanesKind(step.inputs[0]), !positions.outlivesPlan,
            positions.readers.allSatisfy({ $0 is MaxPoolGradient })
        else { return StepLayouts(inputs: [.plain], outputs: [.plain, .positions(positions)]) }
        return StepLayouts(
            inputs: [step.inputs[0].layout],
            outputs: [try kind.layout(step.outputs[0].spec), kind.windowLayout(step.outputs[1].spec)])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard isSupported(step) else { return nil }
        let (input, output) = (step.inputs[0], step.outputs[0])
        guard input.layout != .plain else {
            return PoolingPlanes(geometry, input: input.spec.shape, output: output.spec.shape)
                .maximum(positions: step.outputs[1].layout == .plain ? 2 : nil)
        }
        guard let kind = LanesKind(input) else { return nil }
        let lanes = PoolingLanes(kind, geometry, input: input.spec.shape, output: output.spec.shape)
        return PreparedStep(kernel: "lanes") { operands, _ in
            let windows = operands[2].assumingMemoryBound(to: UInt8.self)
            lanes.inParallel { pooling, begin, end in
                apus_lanes_max_pool_forward(pooling, operands[0].floats, operands[1].floats, windows, begin, end)
            }
        }
    }

    private func isSupported(_ step: StepDescription) -> Bool {
        step.inputs[0].spec.dtype == .float32 && PoolingPlanes.fits(step.inputs[0].spec.shape)
    }
}

extension MaxPoolGradient: CPULowerable {
    /// The positions' layout says which kernel made them.
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard step.inputs[0].spec.dtype == .float32 else { return nil }
        let windows = step.inputs[1].layout
        guard let kind = LanesKind(windows: windows) else { return .plain(step) }
        return StepLayouts(
            inputs: [try kind.layout(step.inputs[0].spec), windows], outputs: [try kind.layout(step.outputs[0].spec)])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (dy, dx) = (step.inputs[0], step.outputs[0])
        guard dy.spec.dtype == .float32 else { return nil }
        guard step.inputs[1].layout != .plain else {
            return PlanePositions(name, positions: step.inputs[1].spec.shape, into: inputShape)
                .scatter(ApusPlaneScatterAdd, allowsNone: true)
        }
        guard let kind = LanesKind(dy) else { return nil }
        let lanes = PoolingLanes(kind, geometry, input: dx.spec.shape, output: dy.spec.shape)
        return PreparedStep(kernel: "lanes") { operands, _ in
            let windows = operands[1].assumingMemoryBound(to: UInt8.self)
            lanes.inParallel { pooling, begin, end in
                apus_lanes_max_pool_backward(pooling, operands[0].floats, windows, operands[2].floats, begin, end)
            }
        }
    }
}
