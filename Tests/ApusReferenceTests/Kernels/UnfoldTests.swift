import ApusGraph
import Testing

@Suite struct UnfoldTests {
    let window = SlidingWindow(kernelSize: [2, 2], stride: [1, 1], padding: [0, 0], dilation: [1, 1])

    @Test(arguments: [DType.float32, .float64]) func columnsOfAnImage(_ dtype: DType) throws {
        let x = Numbers([0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 3, 3], dtype)
        // One row for each place of the window, one column for each window.
        let expected = Numbers([0, 1, 3, 4, 1, 2, 4, 5, 3, 4, 6, 7, 4, 5, 7, 8], [1, 4, 4], dtype)
        #expect(try compute(Unfold(window), x) == [expected])
        // Each element as often as windows meet it.
        let back = Numbers([0, 2, 2, 6, 16, 10, 6, 14, 8], [1, 1, 3, 3], dtype)
        #expect(try compute(Fold(window, outputSize: [3, 3]), expected) == [back])
    }

    @Test func foldIsTheTransposeOfUnfold() throws {
        let window = SlidingWindow(kernelSize: [2, 3], stride: [2, 1], padding: [1, 2], dilation: [3, 2])
        let x = smallIntegers([2, 3, 7, 6], seed: 1)
        let columns = try compute(Unfold(window), x)[0]
        let other = smallIntegers(columns.shape, seed: 2)
        let back = try compute(Fold(window, outputSize: [7, 6]), other)[0]
        #expect(columns.dot(other) == x.dot(back))
        #expect(columns.dot(other) != 0)
    }

    @Test func paddingIsZero() throws {
        let window = SlidingWindow(kernelSize: [1, 2], stride: [1, 2], padding: [0, 1], dilation: [1, 1])
        let columns = try compute(Unfold(window), Numbers([5, 6], [1, 1, 1, 2]))
        #expect(columns == [Numbers([0, 6, 5, 0], [1, 2, 2])])
    }

    @Test func aTransposedConvolutionHasABias() throws {
        let geometry = ConvolutionGeometry(
            stride: [2], paddingBefore: [0], paddingAfter: [-1], dilation: [1], groups: 1)
        let x = Numbers([1, 2], [1, 1, 2])
        let weight = Numbers([10, 100], [1, 1, 2])
        let y = try compute(ConvolutionInputGradient(geometry, inputShape: [1, 1, 5]), x, weight, Numbers([0.5]))
        #expect(y == [Numbers([10.5, 100.5, 20.5, 200.5, 0.5], [1, 1, 5])])
    }
}
