import ApusGraph
import ApusPlan
import CKernels

/// Loops over planes of positions into other, mostly larger planes.
struct PlanePositions: Sendable {
    private let operation: String
    private let wideShape: Shape
    private let planes: Int
    private let grain: Int
    /// The elements of a plane that positions point into.
    let wide: Int64
    /// The positions of a plane.
    let narrow: Int64

    init(_ operation: String, positions: Shape, into wideShape: Shape) {
        self.operation = operation
        self.wideShape = wideShape
        let (wide, narrow) = (
            wideShape.dimensions.dropFirst(2).reduce(1, *), positions.dimensions.dropFirst(2).reduce(1, *)
        )
        planes = positions.dimensions.prefix(2).reduce(1, *)
        grain = max(1, Parallel.smallWork / max(1, wide + narrow))
        (self.wide, self.narrow) = (Int64(wide), Int64(narrow))
    }

    /// Runs `body` on ranges of planes; it notes the place of the first position that points outside, which is an error.
    ///
    /// Positions may be anybody's: the kernels check each.
    func inParallel(
        _ positions: UnsafePointer<Int64>, _ body: (UnsafeMutablePointer<Int64>, Int64, Int64) -> Void
    ) throws {
        let wrong = withUnsafeTemporaryAllocation(of: Int64.self, capacity: CPUInfo.threadCount) { found in
            found.initialize(repeating: -1)
            Parallel.ranges(planes, grain: grain) { range, thread in
                guard let slots = found.baseAddress else { return }
                body(slots + thread, Int64(range.lowerBound), Int64(range.upperBound))
            }
            return found.filter { $0 >= 0 }.min()
        }
        if let wrong { throw TensorError.positionOutOfRange(operation, positions[Int(wrong)], planes: wideShape) }
    }

    /// Planes of zeros in which each element is added, or put, at its position.
    func scatter(_ mode: ApusPlaneScatter, allowsNone: Bool) -> PreparedStep {
        PreparedStep(kernel: "plane scatter") { [self] operands, _ in
            let positions = operands[1].assumingMemoryBound(to: Int64.self)
            try inParallel(positions) { wrong, begin, end in
                apus_plane_scatter(
                    mode, operands[0].floats, positions, allowsNone ? 1 : 0, wide, narrow, operands[2].floats, wrong,
                    begin, end)
            }
        }
    }
}

extension PlaneGather: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (x, positions) = (step.inputs[0].spec, step.inputs[1].spec)
        guard x.dtype == .float32 else { return nil }
        let planes = PlanePositions(name, positions: positions.shape, into: x.shape)
        return PreparedStep(kernel: "plane gather") { operands, _ in
            let positions = operands[1].assumingMemoryBound(to: Int64.self)
            try planes.inParallel(positions) { wrong, begin, end in
                apus_plane_gather(
                    operands[0].floats, positions, 1, planes.wide, planes.narrow, operands[2].floats, wrong, begin,
                    end)
            }
        }
    }
}

extension PlaneScatterAdd: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard step.inputs[0].spec.dtype == .float32 else { return nil }
        return PlanePositions(name, positions: step.inputs[1].spec.shape, into: shape)
            .scatter(ApusPlaneScatterAdd, allowsNone: true)
    }
}

extension MaxUnpool: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard step.inputs[0].spec.dtype == .float32 else { return nil }
        return PlanePositions(name, positions: step.inputs[1].spec.shape, into: step.outputs[0].spec.shape)
            .scatter(ApusPlaneScatterAssign, allowsNone: false)
    }
}
