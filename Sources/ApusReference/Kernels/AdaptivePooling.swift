import ApusGraph

/// The windows that cover each plane evenly: along a dimension ⌊o · H / O⌋ ..< ⌈(o + 1) · H / O⌉.
private struct AdaptiveWindows {
    let planes: Int
    let inputPlane: Int
    /// For each output element of a plane, the input elements of its window in row-major order.
    let elements: [[Int]]

    init(input: Shape, output: Shape) {
        let inputSizes = Array(input.dimensions.dropFirst(2))
        let outputSizes = Array(output.dimensions.dropFirst(2))
        planes = input.dimensions.prefix(2).reduce(1, *)
        inputPlane = inputSizes.reduce(1, *)
        elements = (0..<outputSizes.reduce(1, *)).map { flat in
            let place = WindowRuns.position(flat, in: outputSizes)
            let window = place.indices.map { dimension in
                let (size, count) = (inputSizes[dimension], outputSizes[dimension])
                return place[dimension] * size / count..<((place[dimension] + 1) * size + count - 1) / count
            }
            let sizes = window.map(\.count)
            return (0..<sizes.reduce(1, *)).map { tap in
                let offsets = WindowRuns.position(tap, in: sizes)
                return offsets.indices.reduce(0) { $0 * inputSizes[$1] + window[$1].lowerBound + offsets[$1] }
            }
        }
    }

    /// Calls `body` with the positions of an output element and of an input element in its window, and the size of the
    /// window.
    func run(_ body: (_ output: Int, _ input: Int, _ count: Int) -> Void) {
        for plane in 0..<planes {
            for (output, window) in elements.enumerated() {
                for element in window {
                    body(plane * elements.count + output, plane * inputPlane + element, window.count)
                }
            }
        }
    }
}

extension AdaptiveAveragePool: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var y = [Double](repeating: 0, count: outputs[0].count)
        var counts = y
        AdaptiveWindows(input: inputs[0].shape, output: outputs[0].shape).run { output, input, count in
            y[output] += x[input]
            counts[output] = Double(count)
        }
        for index in y.indices { y[index] /= counts[index] }
        outputs[0].store(y)
    }
}

extension AdaptiveAveragePoolGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let dy = inputs[0].reals()
        var dx = [Double](repeating: 0, count: outputs[0].count)
        AdaptiveWindows(input: inputShape, output: inputs[0].shape).run { output, input, count in
            dx[input] += dy[output] / Double(count)
        }
        outputs[0].store(dx)
    }
}

extension AdaptiveMaxPool: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var values = [Double](repeating: -.infinity, count: outputs[0].count)
        var positions = [Int64](repeating: -1, count: outputs[0].count)
        let windows = AdaptiveWindows(input: inputs[0].shape, output: outputs[0].shape)
        windows.run { output, input, _ in
            keepLargest(x[input], at: Int64(input % windows.inputPlane), &values[output], &positions[output])
        }
        outputs[0].store(values)
        outputs[1].store(positions)
    }
}
