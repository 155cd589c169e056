import ApusGraph

extension Convolution: ReferenceKernel {
    /// y[n, o, p] = b[o] + Σ over c, t of w[o, c, t] · x[n, c, p · stride − padding + t · dilation].
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (x, weight) = (inputs[0].factors(precision), inputs[1].factors(precision))
        let bias = inputs.count > 2 ? inputs[2].reals() : nil
        let loop = ConvolutionLoop(geometry, input: inputs[0].shape, weight: inputs[1].shape, output: outputs[0].shape)
        var y = [Double](repeating: 0, count: outputs[0].count)
        if let bias {
            for index in y.indices { y[index] = bias[index / loop.outputPlane % loop.outputChannels] }
        }
        loop.run(&y, x, weight) { y, x, weight, place, runs, step in
            let factor = weight[place.weight]
            for run in runs {
                for index in 0..<run.count {
                    y[place.output + run.output + index] += factor * x[place.input + run.input + index * step]
                }
            }
        }
        outputs[0].store(y)
    }
}

extension ConvolutionInputGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (dy, weight) = (inputs[0].factors(precision), inputs[1].factors(precision))
        let loop = ConvolutionLoop(geometry, input: outputs[0].shape, weight: inputs[1].shape, output: inputs[0].shape)
        var dx = [Double](repeating: 0, count: outputs[0].count)
        if inputs.count > 2 {
            let (bias, plane) = (inputs[2].reals(), loop.inputPlane)
            for index in dx.indices { dx[index] = bias[index / plane % bias.count] }
        }
        loop.run(&dx, dy, weight) { dx, dy, weight, place, runs, step in
            let factor = weight[place.weight]
            for run in runs {
                for index in 0..<run.count {
                    dx[place.input + run.input + index * step] += factor * dy[place.output + run.output + index]
                }
            }
        }
        outputs[0].store(dx)
    }
}

extension ConvolutionWeightGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (x, dy) = (inputs[0].factors(precision), inputs[1].factors(precision))
        let loop = ConvolutionLoop(geometry, input: inputs[0].shape, weight: weightShape, output: inputs[1].shape)
        var dWeight = [Double](repeating: 0, count: outputs[0].count)
        loop.run(&dWeight, x, dy) { dWeight, x, dy, place, runs, step in
            var sum = 0.0
            for run in runs {
                for index in 0..<run.count {
                    sum += x[place.input + run.input + index * step] * dy[place.output + run.output + index]
                }
            }
            dWeight[place.weight] += sum
        }
        outputs[0].store(dWeight)
        guard withBias else { return }
        let slopes = inputs[1].reals()
        var dBias = [Double](repeating: 0, count: loop.outputChannels)
        for index in slopes.indices { dBias[index / loop.outputPlane % loop.outputChannels] += slopes[index] }
        outputs[1].store(dBias)
    }
}

/// The loop that a convolution and its gradients share: samples, output channels, input channels of the group, taps.
private struct ConvolutionLoop {
    /// Where the planes of x and y and the element of the weight start.
    struct Place {
        var input: Int
        var output: Int
        var weight: Int
    }

    let outputPlane: Int
    let outputChannels: Int
    let inputPlane: Int
    private let inputChannels: Int
    private let groups: Int
    private let batch: Int
    private let window: WindowRuns

    init(_ geometry: ConvolutionGeometry, input: Shape, weight: Shape, output: Shape) {
        batch = input.dimensions[0]
        inputChannels = input.dimensions[1]
        outputChannels = weight.dimensions[0]
        groups = geometry.groups
        let spatialInput = Array(input.dimensions.dropFirst(2))
        let spatialOutput = Array(output.dimensions.dropFirst(2))
        inputPlane = spatialInput.reduce(1, *)
        outputPlane = spatialOutput.reduce(1, *)
        window = WindowRuns(
            input: spatialInput, output: spatialOutput, kernel: Array(weight.dimensions.dropFirst(2)),
            stride: geometry.stride, padding: geometry.paddingBefore, dilation: geometry.dilation)
    }

    /// Calls `body` for each tap of each pair of planes, with the array to write and the two to read.
    func run(
        _ result: inout [Double], _ first: [Double], _ second: [Double],
        _ body: (
            _ result: UnsafeMutableBufferPointer<Double>, _ first: UnsafeBufferPointer<Double>,
            _ second: UnsafeBufferPointer<Double>, Place, [WindowRuns.Run], _ inputStep: Int
        ) -> Void
    ) {
        let (inputsPerGroup, outputsPerGroup) = (inputChannels / groups, outputChannels / groups)
        let taps = window.taps.count
        result.withUnsafeMutableBufferPointer { result in
            first.withUnsafeBufferPointer { first in
                second.withUnsafeBufferPointer { second in
                    for sample in 0..<batch {
                        for output in 0..<outputChannels {
                            for channel in 0..<inputsPerGroup {
                                let input = output / outputsPerGroup * inputsPerGroup + channel
                                var place = Place(
                                    input: (sample * inputChannels + input) * inputPlane,
                                    output: (sample * outputChannels + output) * outputPlane,
                                    weight: (output * inputsPerGroup + channel) * taps)
                                for runs in window.taps {
                                    body(result, first, second, place, runs, window.inputStep)
                                    place.weight += 1
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
