import ApusGraph

/// Which input element meets which output element at each place of a sliding window, in any number of dimensions.
///
/// For each tap (a place within the window, the last dimension fastest) the list of runs: `count` output elements in a
/// row from `output`, whose input elements start at `input` and are ``inputStep`` apart. What falls on padding is in no
/// run. Offsets are flat positions within the plane of one sample and channel.
struct WindowRuns {
    struct Run {
        var output: Int
        var input: Int
        var count: Int
    }

    /// The runs of each tap.
    let taps: [[Run]]
    /// The distance of neighbours' input elements: the stride of the last dimension.
    let inputStep: Int

    init(input: [Int], output: [Int], kernel: [Int], stride: [Int], padding: [Int], dilation: [Int]) {
        let last = input.count - 1
        let inputStrides = Shape(input).rowMajorStrides
        let outputStrides = Shape(output).rowMajorStrides
        inputStep = stride[last]
        taps = (0..<kernel.reduce(1, *)).map { tap in
            let shift = WindowRuns.position(tap, in: kernel).enumerated()
                .map { dimension, place in place * dilation[dimension] - padding[dimension] }
            // Along the last dimension: 0 ≤ o · stride + shift < size, for first ≤ o < end.
            let first = max(0, (stride[last] - 1 - shift[last]) / stride[last])
            let reach = input[last] - shift[last]
            let end = reach <= 0 ? 0 : min(output[last], (reach - 1) / stride[last] + 1)
            guard first < end else { return [] }
            return (0..<output.dropLast().reduce(1, *)).compactMap { row in
                var run = Run(output: first, input: first * stride[last] + shift[last], count: end - first)
                for (dimension, place) in WindowRuns.position(row, in: Array(output.dropLast())).enumerated() {
                    let coordinate = place * stride[dimension] + shift[dimension]
                    guard coordinate >= 0, coordinate < input[dimension] else { return nil }
                    run.output += place * outputStrides[dimension]
                    run.input += coordinate * inputStrides[dimension]
                }
                return run
            }
        }
    }

    /// The coordinates of a flat position, the last dimension fastest.
    static func position(_ flat: Int, in sizes: [Int]) -> [Int] {
        var rest = flat
        var result = sizes
        for dimension in sizes.indices.reversed() {
            result[dimension] = rest % sizes[dimension]
            rest /= sizes[dimension]
        }
        return result
    }
}
