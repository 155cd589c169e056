import ApusGraph
import ApusPlan
import CKernels
import COneDNN

/// A convolution with few channels in a group, whose kernels fill the vectors with a row's elements.
struct PlaneConvolution: Sendable {
    private let sizes: ApusPlaneConvolution
    private let batch: Int
    private let groups: Int
    private let weight: Shape
    /// The bytes of one thread's working memory.
    private let threadBytes: Int

    init(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape) {
        /// Depth, height and width, of which those that a plane lacks come first.
        func three(_ values: some Sequence<Int>, _ missing: Int) -> (Int64, Int64, Int64) {
            let all = [Int](repeating: missing, count: 3 - geometry.spatialRank) + values
            return (Int64(all[0]), Int64(all[1]), Int64(all[2]))
        }
        groups = geometry.groups
        batch = x[0]
        self.weight = weight
        sizes = ApusPlaneConvolution(
            groups: Int64(groups), inputsPerGroup: Int64(weight[1]), outputsPerGroup: Int64(weight[0] / groups),
            input: three(x.dimensions.dropFirst(2), 1), output: three(y.dimensions.dropFirst(2), 1),
            kernel: three(weight.dimensions.dropFirst(2), 1), stride: three(geometry.stride, 1),
            padding: three(geometry.paddingBefore, 0), dilation: three(geometry.dilation, 1))
        let floats = withUnsafePointer(to: sizes) { Int(apus_plane_convolution_scratch($0)) }
        threadBytes = (floats * MemoryLayout<Float>.stride + 63) / 64 * 64
    }

    /// The convolution with an optional bias and activation.
    func forward(hasBias: Bool, _ activation: Activation?, _ y: Shape) throws -> PreparedStep {
        let result = hasBias ? 3 : 2
        let prepared = perGroup { sizes, operands, scratch, begin, end in
            apus_plane_convolution_forward(
                sizes, operands[0].floats, operands[1].floats, hasBias ? operands[2].floats : nil,
                operands[result].floats, scratch, begin, end)
        }
        guard let activation else { return prepared }
        let function = try activation.inPlace(y)
        return PreparedStep(
            kernel: prepared.kernel, scratchBytes: max(prepared.scratchBytes, function.scratchBytes)
        ) { operands, scratch in
            try prepared.run(operands, scratch)
            try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: 2) { both in
                both.initialize(repeating: operands[result])
                try function.run(Operands(both), scratch)
            }
        }
    }

    /// The gradient by the input, which may have a bias.
    func inputGradient(_ step: StepDescription) -> PreparedStep {
        let result = step.inputs.count
        return perGroup { sizes, operands, scratch, begin, end in
            apus_plane_convolution_input_gradient(
                sizes, operands[0].floats, operands[1].floats, result == 3 ? operands[2].floats : nil,
                operands[result].floats, scratch, begin, end)
        }
    }

    /// The gradients by the weight and, where asked for, the bias.
    ///
    /// Few groups share the batch: it is cut into a number of chunks that depends on the sizes alone, each with sums of
    /// its own, so that the bits do not depend on the number of threads.
    func weightGradient(withBias: Bool) -> PreparedStep {
        let (sizes, batch, groups, threadBytes) = (sizes, batch, groups, threadBytes)
        let chunks = min(batch, max(1, 16 / groups))
        let (weights, outputs) = (weight.elementCount, weight[0])
        let chunkSize = chunks == 1 ? 0 : weights + outputs
        let sumBytes = (chunks * chunkSize * MemoryLayout<Float>.stride + 63) / 64 * 64
        return PreparedStep(kernel: "planes", scratchBytes: sumBytes + threadBytes * CPUInfo.threadCount) {
            operands, scratch in
            let (dWeight, dBias) = (operands[2].floats, withBias ? operands[3].floats : nil)
            let sums = scratch.floats
            Parallel.tasks(groups * chunks) { task, thread in
                let (group, chunk) = (task / chunks, task % chunks)
                let own = chunks == 1 ? dWeight : sums + chunk * chunkSize
                let ownBias = withBias ? (chunks == 1 ? dBias : own + weights) : nil
                withUnsafePointer(to: sizes) {
                    apus_plane_convolution_weight_gradient(
                        $0, operands[0].floats, operands[1].floats, own, ownBias,
                        (scratch + sumBytes + thread * threadBytes).floats, Int64(group), Int64(batch * chunk / chunks),
                        Int64(batch * (chunk + 1) / chunks))
                }
            }
            guard chunks > 1 else { return }
            apus_column_sum(sums, Int64(chunks), Int64(chunkSize), sums, 0, 0, Int64(chunkSize))
            dWeight.update(from: sums, count: weights)
            dBias?.update(from: sums + weights, count: outputs)
        }
    }

    /// A step that computes each group of each sample by itself.
    private func perGroup(
        _ body:
            @escaping @Sendable (
                UnsafePointer<ApusPlaneConvolution>, Operands, UnsafeMutablePointer<Float>, _ begin: Int64, _ end: Int64
            ) -> Void
    ) -> PreparedStep {
        let (sizes, tasks, threadBytes) = (sizes, batch * groups, threadBytes)
        return PreparedStep(kernel: "planes", scratchBytes: threadBytes * CPUInfo.threadCount) { operands, scratch in
            Parallel.ranges(tasks) { range, thread in
                withUnsafePointer(to: sizes) {
                    body(
                        $0, operands, (scratch + thread * threadBytes).floats, Int64(range.lowerBound),
                        Int64(range.upperBound))
                }
            }
        }
    }
}

/// Adds a bias to each channel of a result that lies in rows, in blocks of channels, or in lanes.
struct ChannelBias: Sendable {
    private let channels: Int
    private let block: Int
    private let inner: Int
    private let planes: Int

    /// nil for layouts that are neither plain nor in blocks of channels.
    init?(_ shape: Shape, _ layout: PhysicalLayout) {
        let block = layout == .plain ? 1 : layout.oneDNN?.channelBlock ?? 0
        guard block > 0 else { return nil }
        (self.block, channels) = (block, shape[1])
        inner = shape.dimensions.dropFirst(2).reduce(1, *)
        planes = shape[0] * ((shape[1] + block - 1) / block)
    }

    /// Sixteen images in the lanes.
    init(lanes shape: Shape) {
        (block, channels) = (1, shape[1])
        inner = shape.dimensions.dropFirst(2).reduce(1, *) * Int(APUS_LANES)
        planes = LanesKind.images.groups(shape) * shape[1]
    }

    /// The step, which reads two inputs and a bias and writes one result, with the bias added.
    func added(to step: PreparedStep) -> PreparedStep {
        let own = self
        return PreparedStep(kernel: step.kernel, scratchBytes: step.scratchBytes) { operands, scratch in
            try step.run(operands, scratch)
            let grain = max(1, Parallel.smallWork / max(1, own.inner * own.block))
            Parallel.ranges(own.planes, grain: grain) { range, _ in
                apus_add_channel_bias(
                    operands[2].floats, Int64(own.channels), Int64(own.block), Int64(own.inner), operands[3].floats,
                    Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }
}

extension Activation {
    /// The function over a row-major array in place, as a step of two operands.
    fileprivate func inPlace(_ shape: Shape) throws -> PreparedStep {
        let function: ApusOneDNNActivation =
            switch self {
            case .relu: .reLU
            case .sigmoid: .sigmoid
            case .tanh: .tanh
            }
        let descriptor = try OneDNNDescriptor.plain(shape.dimensions)
        return try OneDNNPrimitive(apus_onednn_eltwise_forward(descriptor.handle, function, 0, 0, true)).step([
            .source, .destination,
        ])
    }
}
