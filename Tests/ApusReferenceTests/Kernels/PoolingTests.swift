import ApusGraph
import Testing

@Suite struct PoolingTests {
    private func geometry(
        _ kernel: [Int], stride: [Int], padding: [Int], dilation: [Int]? = nil, ceil: Bool = false
    ) -> PoolingGeometry {
        PoolingGeometry(
            kernelSize: kernel, stride: stride, padding: padding,
            dilation: dilation ?? kernel.map { _ in 1 }, ceilMode: ceil)
    }

    private let inf = Double.infinity

    @Test func maximumAndFlatPosition() throws {
        // Two planes; equal elements in the first window of the first one.
        let x = Numbers([5, 1, 2, 5, 0, 7, 3, 4, 6, -1, -2, -3, -4, -5, -6, -7, -8, -9], [1, 2, 3, 3])
        let pool = MaxPool(geometry([2, 2], stride: [1, 1], padding: [0, 0]))
        let results = try compute(pool, x)
        #expect(results[0] == Numbers([5, 7, 5, 7, -1, -2, -4, -5], [1, 2, 2, 2]))
        #expect(results[1] == Numbers([0, 5, 3, 5, 0, 1, 3, 4], [1, 2, 2, 2], .int64))
    }

    @Test func paddingNeverWins() throws {
        let x = Numbers([-3, -1, -2, -4], [1, 1, 2, 2])
        let results = try compute(MaxPool(geometry([2, 2], stride: [2, 2], padding: [1, 1])), x)
        #expect(results[0].values == [-3, -1, -2, -4])
        #expect(results[1].values == [0, 1, 2, 3])
    }

    /// Windows at −1, 1 and 3 with every second element; the last one reaches beyond the input.
    @Test func dilationPaddingAndCeiling() throws {
        let x = Numbers([1, 3, 3, 2, 5, 4, 4], [1, 1, 7])
        let pool = MaxPool(geometry([3], stride: [2], padding: [1], dilation: [2], ceil: true))
        let results = try compute(pool, x)
        #expect(results[0].values == [3, 4, 4])
        #expect(results[1].values == [1, 5, 5])
    }

    /// As PyTorch has it: NaN wins, the last one of several; a window of −∞ has its first position.
    @Test func specialNumbers() throws {
        let x = Numbers([.nan, .nan, 1, 2, 1, .nan, 2, 2, -inf, -inf, 0, 1, -inf, -inf, 1, 0], [1, 2, 2, 4])
        let results = try compute(MaxPool(geometry([2, 2], stride: [2, 2], padding: [0, 0])), x)
        #expect(isClose(results[0].values, [.nan, 2, -inf, 1], tolerance: 0))
        #expect(results[1].values == [5, 3, 0, 3])
    }

    @Test func maximumGradientAddsWhereWindowsOverlap() throws {
        let shape: Shape = [1, 1, 3, 3]
        let dy = Numbers([1, 10, 100, 1000], [1, 1, 2, 2])
        let positions = Numbers([4, 4, 3, 8], [1, 1, 2, 2], .int64)
        let g = geometry([2, 2], stride: [1, 1], padding: [0, 0])
        let dx = try compute(MaxPoolGradient(g, inputShape: shape), dy, positions)
        #expect(dx == [Numbers([0, 0, 0, 100, 11, 0, 0, 0, 1000], shape)])
        let x = Numbers([10, 11, 12, 13, 14, 15, 16, 17, 18], shape)
        #expect(try compute(PlaneGather(), x, positions)[0].values == [14, 14, 13, 18])
        #expect(throws: TensorError.self) {
            try compute(PlaneGather(), x, Numbers([0, 0, 9, 0], [1, 1, 2, 2], .int64))
        }
    }

    /// The values of PyTorch's avg_pool for arange inputs.
    @Test(arguments: [true, false]) func meanDivisors(countsPadding: Bool) throws {
        let square = Numbers((0..<25).map(Double.init), [1, 1, 5, 5], .float64)
        let g = geometry([3, 3], stride: [2, 2], padding: [1, 1], ceil: true)
        let y = try compute(AveragePool(g, countIncludePad: countsPadding, divisorOverride: nil), square)[0].values
        let ninths: [Double] = [12, 27, 24, 63, 108, 81, 72, 117, 84]
        let means: [Double] = [3, 4.5, 6, 10.5, 12, 13.5, 18, 19.5, 21]
        #expect(isClose(y, countsPadding ? ninths.map { $0 / 9 } : means, tolerance: 1e-15))
        // The last window is cut by the padded input to 2 elements, and by the input to 1.
        let line = Numbers((0..<6).map(Double.init), [1, 1, 6], .float64)
        let h = geometry([3], stride: [2], padding: [1], ceil: true)
        let z = try compute(AveragePool(h, countIncludePad: countsPadding, divisorOverride: nil), line)[0].values
        let cut: [Double] = countsPadding ? [1.0 / 3, 2, 4, 2.5] : [0.5, 2, 4, 5]
        #expect(isClose(z, cut, tolerance: 1e-15))
        let sums = try compute(AveragePool(h, countIncludePad: countsPadding, divisorOverride: 2), line)[0].values
        #expect(sums == [0.5, 3, 6, 2.5])
    }

    /// ⟨pool(x), dy⟩ = ⟨x, gradient(dy)⟩ for any x and dy, as the mean is linear.
    @Test(arguments: [true, false], [nil, 3]) func meanGradient(countsPadding: Bool, divisor: Int?) throws {
        let g = geometry([3, 2], stride: [2, 2], padding: [1, 1], ceil: true)
        let pool = AveragePool(g, countIncludePad: countsPadding, divisorOverride: divisor)
        let x = smallIntegers([2, 3, 5, 6], seed: 7)
        let y = try compute(pool, x)[0]
        let dy = smallIntegers(y.shape, seed: 8)
        let dx = try compute(AveragePoolGradient(pool, inputShape: x.shape), dy)[0]
        // Sums of a few hundred numbers below 100 in double precision.
        #expect(abs(dx.dot(x) - y.dot(dy)) < 1e-10)
        let other = smallIntegers(x.shape, seed: 9)
        #expect(abs(dx.dot(other) - (try compute(pool, other)[0].dot(dy))) < 1e-10)
    }

    /// Windows 0 ..< 3 and 2 ..< 5 of five elements.
    @Test func adaptiveWindowsOverlap() throws {
        let x = Numbers([1, 2, 9, 4, 5, 3, 3, 3, 3, 3], [1, 2, 5])
        #expect(try compute(AdaptiveAveragePool([2]), x)[0] == Numbers([4, 6, 3, 3], [1, 2, 2]))
        let largest = try compute(AdaptiveMaxPool([2]), x)
        #expect(largest[0] == Numbers([9, 9, 3, 3], [1, 2, 2]))
        #expect(largest[1] == Numbers([2, 2, 0, 2], [1, 2, 2], .int64))
        let dy = Numbers([3, 6, 0, 9], [1, 2, 2])
        let dx = try compute(AdaptiveAveragePoolGradient(inputShape: [1, 2, 5]), dy)[0]
        #expect(dx == Numbers([1, 1, 3, 2, 2, 0, 0, 3, 3, 3], [1, 2, 5]))
    }

    /// Of two elements with one index the last stays; where they are added, both count.
    @Test func unpoolingPutsElementsBack() throws {
        let x = Numbers([1, 2, 3, 4], [1, 2, 2])
        let positions = Numbers([3, 0, 1, 1], [1, 2, 2], .int64)
        #expect(try compute(MaxUnpool([4]), x, positions)[0] == Numbers([2, 0, 0, 1, 0, 4, 0, 0], [1, 2, 4]))
        let added = try compute(PlaneScatterAdd([1, 2, 4]), x, positions)[0]
        #expect(added == Numbers([2, 0, 0, 1, 0, 7, 0, 0], [1, 2, 4]))
        #expect(throws: TensorError.self) {
            try compute(MaxUnpool([4]), x, Numbers([-1, 0, 1, 1], [1, 2, 2], .int64))
        }
    }
}
