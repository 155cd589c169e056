import ApusGraph

/// The loop that poolings share: planes of a sample and channel, and the taps of the window.
private struct PoolingLoop {
    let inputPlane: Int
    let outputPlane: Int
    let planes: Int
    let window: WindowRuns

    init(_ geometry: PoolingGeometry, input: Shape, output: Shape) {
        let spatialInput = Array(input.dimensions.dropFirst(2))
        let spatialOutput = Array(output.dimensions.dropFirst(2))
        inputPlane = spatialInput.reduce(1, *)
        outputPlane = spatialOutput.reduce(1, *)
        planes = input.dimensions.prefix(2).reduce(1, *)
        window = WindowRuns(
            input: spatialInput, output: spatialOutput, kernel: geometry.kernelSize, stride: geometry.stride,
            padding: geometry.padding, dilation: geometry.dilation)
    }

    /// Calls `body` with the positions of an output element and an input element in its window, tap by tap.
    func run(_ body: (_ output: Int, _ input: Int) -> Void) {
        for plane in 0..<planes {
            for runs in window.taps {
                for run in runs {
                    for index in 0..<run.count {
                        body(
                            plane * outputPlane + run.output + index,
                            plane * inputPlane + run.input + index * window.inputStep)
                    }
                }
            }
        }
    }
}

/// PyTorch's comparison: the first of equal elements, but the last NaN. A position below 0 is none yet.
func keepLargest(_ element: Double, at position: Int64, _ largest: inout Double, _ found: inout Int64) {
    guard element > largest || element.isNaN || found < 0 else { return }
    largest = element
    found = position
}

extension MaxPool: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var values = [Double](repeating: -.infinity, count: outputs[0].count)
        var positions = [Int64](repeating: -1, count: outputs[0].count)
        let loop = PoolingLoop(geometry, input: inputs[0].shape, output: outputs[0].shape)
        loop.run { output, input in
            keepLargest(x[input], at: Int64(input % loop.inputPlane), &values[output], &positions[output])
        }
        outputs[0].store(values)
        outputs[1].store(positions)
    }
}

extension MaxPoolGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let dy = inputs[0].reals()
        var dx = [Double](repeating: 0, count: outputs[0].count)
        try forEachPosition(name, of: inputs[1], planes: inputShape, allowsNone: true) { output, input in
            dx[input] += dy[output]
        }
        outputs[0].store(dx)
    }
}

extension AveragePool: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var y = [Double](repeating: 0, count: outputs[0].count)
        let loop = PoolingLoop(geometry, input: inputs[0].shape, output: outputs[0].shape)
        loop.run { output, input in y[output] += x[input] }
        let divisors = divisors(input: inputs[0].shape, output: outputs[0].shape)
        for index in y.indices { y[index] /= divisors[index % loop.outputPlane] }
        outputs[0].store(y)
    }

    /// What the sum of each window of a plane is divided by.
    fileprivate func divisors(input: Shape, output: Shape) -> [Double] {
        let sizes = Array(output.dimensions.dropFirst(2))
        let count = sizes.reduce(1, *)
        if let divisorOverride { return [Double](repeating: Double(divisorOverride), count: count) }
        return (0..<count).map { flat in
            var divisor = 1
            for (dimension, place) in WindowRuns.position(flat, in: sizes).enumerated() {
                let (padding, dilation) = (geometry.padding[dimension], geometry.dilation[dimension])
                let size = input.dimensions[dimension + 2]
                let start = place * geometry.stride[dimension] - padding
                // The places start + k · dilation, k < kernelSize, that count lie in least ..< end.
                let (least, end) = countIncludePad ? (-padding, size + padding) : (0, size)
                divisor *= (0..<geometry.kernelSize[dimension]).count { tap in
                    (least..<end).contains(start + tap * dilation)
                }
            }
            // A window without any element has the sum 0, and the mean 0.
            return Double(max(divisor, 1))
        }
    }
}

extension AveragePoolGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let dy = inputs[0].reals()
        var dx = [Double](repeating: 0, count: outputs[0].count)
        let loop = PoolingLoop(pool.geometry, input: inputShape, output: inputs[0].shape)
        let divisors = pool.divisors(input: inputShape, output: inputs[0].shape)
        loop.run { output, input in dx[input] += dy[output] / divisors[output % loop.outputPlane] }
        outputs[0].store(dx)
    }
}
