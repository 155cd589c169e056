@testable import ApusGraph

extension SampleStep {
    /// Primitives that make elements of numbers.
    static var creation: [SampleStep] {
        var steps: [SampleStep] = []
        for dtype in DType.allCases { steps.append(SampleStep(Fill([2, 3], 1, dtype))) }
        steps.append(SampleStep(Fill([3], Int64.max, .int64)))
        steps.append(SampleStep(Fill([0, 3], 1.5, .float32)))
        for dtype in DType.allCases where dtype != .bool {
            steps.append(SampleStep(Arange(start: 7, end: 1, step: -2, dtype: dtype)))
        }
        func random(_ distribution: RandomNumbers.Distribution, _ dtype: DType) {
            steps.append(SampleStep(RandomNumbers(shape: [5, 3], distribution: distribution, dtype: dtype), [key]))
        }
        for dtype in DType.reals {
            random(.uniform(low: -1, high: 2), dtype)
            random(.normal(mean: 1, standardDeviation: 3), dtype)
            steps.append(SampleStep(RandomDropout(0.25), [dtype(3, 5), key]))
        }
        for dtype in DType.allCases {
            random(.bernoulli(probability: 0.5), dtype)
            if dtype != .bool { random(.integers(low: 2, high: 9), dtype) }
        }
        return steps
    }

    /// A random stream's seed and position.
    private static var key: TensorSpec { DType.int64(2) }

    /// Primitives that move elements, of any type.
    static var movement: [SampleStep] {
        var steps: [SampleStep] = []
        for dtype in DType.allCases {
            let slice = Slice(starts: [0, 1], counts: [2, 2], steps: [1, 2])
            steps += [
                SampleStep(Concatenate(1), [dtype(2, 3), dtype(2, 0), dtype(2, 4)]),
                SampleStep(Concatenate(0), [dtype(2, 3)]),
                SampleStep(Expand([4, 2, 3]), [dtype(2, 1)]),
                SampleStep(Flip(dimensions: [0, 2]), [dtype(2, 3, 4)]),
                SampleStep(Permute([2, 0, 1]), [dtype(2, 3, 4)]),
                SampleStep(Permute([1, 0]), [dtype(64, 33)]),
                SampleStep(Permute([]), [TensorSpec([], dtype)]),
                SampleStep(Reshape([3, 2]), [dtype(2, 3)]),
                SampleStep(Roll(2, 1), [dtype(2, 3)]),
                SampleStep(slice, [dtype(2, 4)]),
                SampleStep(SliceAssign(slice), [dtype(2, 4), dtype(2, 2)]),
                SampleStep(Triangle(isUpper: true, diagonal: 1), [dtype(2, 3, 4)]),
                SampleStep(Triangle(isUpper: false, diagonal: -1), [dtype(3, 4)]),
                SampleStep(Pad(before: [1, -1], after: [2, 0], mode: .constant, value: 1), [dtype(2, 3)]),
            ]
            for mode in PadMode.allCases where mode != .constant {
                steps.append(SampleStep(Pad(before: [0, 0, 1], after: [0, 0, 2], mode: mode), [dtype(1, 2, 4)]))
            }
        }
        for dtype in DType.reals {
            for mode in PadMode.allCases where mode != .constant {
                let pad = Pad(before: [0, 0, 1], after: [0, 0, 2], mode: mode)
                steps.append(SampleStep(PadGradient(pad, inputShape: [1, 2, 4]), [dtype(1, 2, 7)]))
            }
            steps.append(SampleStep(GivenSlopes(), [dtype(2, 3), dtype(2, 3), dtype(2, 3)]))
        }
        return steps
    }

    /// Primitives that read or write at positions.
    static var indexing: [SampleStep] {
        let index = DType.int64
        var steps: [SampleStep] = []
        for dtype in DType.allCases {
            steps += [
                SampleStep(Gather(1), [dtype(2, 5), index(2, 3)]),
                SampleStep(Scatter(1, adds: false), [dtype(2, 5), index(2, 3), dtype(2, 3)]),
                SampleStep(IndexSelect(0, frozenPosition: 1), [dtype(4, 3), index(6)]),
                SampleStep(Sort(1, isDescending: true), [dtype(2, 5)]),
                SampleStep(Sort(0, isDescending: false), [dtype(2000, 2)]),
                SampleStep(TopK(2, 1, takesLargest: true), [dtype(2, 5)]),
                SampleStep(TopK(3, 0, takesLargest: false), [dtype(2000, 2)]),
            ]
        }
        for dtype in DType.allCases where dtype != .bool {
            steps += [
                SampleStep(Scatter(0, adds: true), [dtype(5, 2), index(3, 2), dtype(3, 2)]),
                SampleStep(IndexAdd(0), [dtype(4, 3), index(6), dtype(6, 3)]),
            ]
        }
        for dtype in DType.reals {
            steps += [
                SampleStep(IndexAdd(1, frozenPosition: 2), [dtype(2, 4, 3), index(6), dtype(2, 6, 3)]),
                SampleStep(PlaneGather(), [dtype(2, 3, 4, 4), index(2, 3, 2, 2)]),
                SampleStep(PlaneScatterAdd([2, 3, 4, 4]), [dtype(2, 3, 2, 2), index(2, 3, 2, 2)]),
            ]
        }
        steps.append(SampleStep(OneHot(7), [index(2, 3)]))
        return steps + bytes
    }

    /// Batches of a data set of bytes: each choice of channels, divided by 255 and normalized.
    private static var bytes: [SampleStep] {
        var steps: [SampleStep] = []
        for (stored, channels) in [(1, 1), (3, 3), (3, 1), (1, 3), (4, 4)] {
            for numbers in [[], [Float](repeating: 0.5, count: channels)] {
                let primitive = TransformBytes(
                    channels: channels, height: 5, width: 4, fill: [UInt8](repeating: 7, count: stored), mean: numbers,
                    std: numbers)
                steps.append(
                    SampleStep(primitive, [DType.uint8(6, stored, 7, 3), DType.int64(6), DType.int64(2, 8)]))
            }
        }
        return steps
    }
}
