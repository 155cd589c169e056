import ApusGraph
import ApusPlan
import CKernels
import COneDNN

extension WinogradPolicy {
    static let winograd = "winograd"
    static let direct = "direct"

    /// The faster kernel for a forward pass of random numbers: the least of five runs of each, in turn.
    static func measure(
        _ sizes: ApusWinograd, _ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape
    ) throws -> String {
        let window = geometry.oneDNN(input: x, weight: weight, output: y)
        let (source, filters, result) = (
            try OneDNNDescriptor.any(x.dimensions), try OneDNNDescriptor.any(weight.dimensions),
            try OneDNNDescriptor.any(y.dimensions)
        )
        let primitive = try OneDNNPrimitive(
            apus_onednn_convolution_forward(
                source.handle, filters.handle, nil, result.handle, window.stride, window.dilation,
                window.paddingBegin, window.paddingEnd, .direct, true, Activation?.none.oneDNN))
        let plainBytes = [x, weight, y].map { $0.elementCount * MemoryLayout<Float>.stride }
        let roles: [ApusArgumentRole] = [.source, .weights, .destination]
        let direct = TimedStep(
            primitive.step(roles),
            bytes: try zip(roles, plainBytes).map { try primitive.layout($0).byteCount ?? $1 })
        let winograd = TimedStep(WinogradConvolution(sizes, turned: false).step(hasBias: false), bytes: plainBytes)
        var times = (direct: Double.infinity, winograd: Double.infinity)
        for _ in 0..<5 {
            times.direct = min(times.direct, try direct.run())
            times.winograd = min(times.winograd, try winograd.run())
        }
        return times.winograd < times.direct ? Self.winograd : Self.direct
    }
}

/// A step with operands of its own.
private struct TimedStep {
    private let step: PreparedStep
    private let operands: [Storage]
    private let scratch: Storage

    init(_ step: PreparedStep, bytes: [Int]) {
        self.step = step
        operands = bytes.map { Storage(byteCount: $0) }
        scratch = Storage(byteCount: max(64, step.scratchBytes))
        for operand in operands {
            // The time does not depend on the numbers, as long as they are neither NaN nor tiny.
            operand.pointer.assumingMemoryBound(to: Float.self).update(
                repeating: 0.5, count: operand.byteCount / MemoryLayout<Float>.stride)
        }
    }

    /// Seconds.
    func run() throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try operands.map(\.pointer).withUnsafeBufferPointer { try step.run($0, scratch.pointer) }
        return start.duration(to: clock.now) / .seconds(1)
    }
}
