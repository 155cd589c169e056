import ApusGraph
import Testing

/// Weights that PyTorch 2.15 printed, or that follow from the formulas by hand.
@Suite struct ResampleTests {
    private func row(
        _ x: [Double], to size: Int, scale: Double? = nil, _ filter: ResamplingFilter, _ dtype: DType = .float64
    ) throws -> [Double] {
        let resample = Resample(outputSizes: [size], scales: [scale], filter: filter)
        return try compute(resample, Numbers(x, [1, 1, x.count], dtype))[0].values
    }

    @Test func nearest() throws {
        #expect(try row([1, 2, 3], to: 6, .nearest) == [1, 1, 2, 2, 3, 3])
        #expect(try row([0, 1, 2, 3, 4, 5, 6], to: 3, .nearest) == [0, 2, 4])
        // The middles of the results, 7/6, 21/6 and 35/6, lie in these elements.
        #expect(try row([0, 1, 2, 3, 4, 5, 6], to: 3, .nearestExact) == [1, 3, 5])
        // The scale counts, not the sizes: ⌊i / 1.3⌋, ⌊i / 1.1⌋.
        #expect(try row([0, 1, 2, 3], to: 5, scale: 1.3, .nearest) == [0, 0, 1, 2, 3])
        #expect(try row([0, 1, 2, 3, 4], to: 5, scale: 1.1, .nearest) == [0, 0, 1, 2, 3])
    }

    @Test func nearestOfPlanesKeepsTheSameSizeAndDoublesTwice() throws {
        // PyTorch's rule for two dimensions, whatever the scale.
        let resample = Resample(outputSizes: [2, 4], scales: [1.4, 2.2], filter: .nearest)
        let x = Numbers([1, 2, 3, 4], [1, 1, 2, 2])
        #expect(try compute(resample, x)[0].values == [1, 1, 2, 2, 3, 3, 4, 4])
    }

    @Test func lines() throws {
        let x = [0.0, 4, 8]
        #expect(try row(x, to: 6, .linear(alignsCorners: false)) == [0, 1, 3, 5, 7, 8])
        #expect(try row(x, to: 5, .linear(alignsCorners: true)) == [0, 2, 4, 6, 8])
        // One element, and one result.
        #expect(try row([5], to: 3, .linear(alignsCorners: false)) == [5, 5, 5])
        #expect(try row(x, to: 1, .linear(alignsCorners: true)) == [0])
        #expect(try row(x, to: 1, .linear(alignsCorners: false)) == [4])
        // The same size is a copy, whatever the scale.
        #expect(try row(x, to: 3, scale: 1.2, .linear(alignsCorners: false)) == x)
    }

    @Test func curves() throws {
        // At ¼ between two elements: (−27, 225, 67, −9) / 256 … for a = −0.75.
        let weights = [-0.10546875, 0.87890625, 0.26171875, -0.03515625]
        let unit = try (0..<4).map { place in
            var x = [Double](repeating: 0, count: 4)
            x[place] = 1
            return try row(x, to: 8, .cubic(alignsCorners: false))[3]
        }
        #expect(unit == weights)
        #expect(try row([1, 2, 3, 4], to: 4, .cubic(alignsCorners: true)) == [1, 2, 3, 4])
    }

    @Test func areas() throws {
        // The windows of adaptive pooling overlap.
        #expect(isClose(try row([1, 2, 3, 4, 5], to: 2, .area), [2, 4], tolerance: 1e-15))
        #expect(try row([1, 2], to: 4, .area) == [1, 1, 2, 2])
    }

    @Test func antialiasing() throws {
        let x = [1.0, 0, 0, 0, 0]
        // Results of size 5 / 3: the curve has its middle at 5/6 and ends at 5/2.
        let line = try row(x, to: 3, .antialiased(.linear, alignsCorners: false))
        #expect(isClose(line, [4.0 / 7, 0, 0], tolerance: 1e-15))
        let cubic = try row(x, to: 1, .antialiased(.cubic, alignsCorners: false))
        #expect(isClose(cubic, [0.1651], tolerance: 1e-4))
        // The same size is a copy, whatever the scale.
        #expect(try row(x, to: 5, scale: 1.1, .antialiased(.cubic, alignsCorners: false)) == x)
        let lanczos = try row(x, to: 3, .antialiased(.lanczos, alignsCorners: false))
        #expect(isClose(lanczos, [0.58825, -0.069087, 0.017377], tolerance: 1e-5))
    }

    @Test func eachDimensionByItself() throws {
        let resample = Resample(outputSizes: [1, 4], scales: [nil, nil], filter: .linear(alignsCorners: false))
        let x = Numbers([0, 4, 8, 12], [1, 1, 2, 2], .float32)
        #expect(try compute(resample, x)[0] == Numbers([4, 5, 7, 8], [1, 1, 1, 4], .float32))
        let gradient = ResampleGradient(resample, inputShape: [1, 1, 2, 2])
        let dy = Numbers([8, 8, 8, 8], [1, 1, 1, 4])
        #expect(try compute(gradient, dy)[0].values == [8, 8, 8, 8])
    }
}
