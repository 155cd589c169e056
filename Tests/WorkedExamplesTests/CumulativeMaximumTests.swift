import ApusEngine
import ApusGraph
import Testing

@Suite struct CumulativeMaximumTests {
    @Test func valuesAndPositions() {
        let (values, indices) = Tensor([[1.0, 3.0, 3.0, 2.0], [5.0, .nan, 7.0, 6.0]]).cummax(dim: 1)
        #expect(values[0].array() == [1, 3, 3, 3])
        #expect(indices.array(as: Int64.self) == [0, 1, 2, 2, 0, 1, 1, 1])
        #expect(values[1].isNaN().array(as: Bool.self) == [false, true, true, true])
        #expect(Tensor(scalar: 4.0).cummax(dim: -1).values.item() == 4)
    }

    @Test func gradient() throws {
        for dimension in 0..<2 {
            let report = try checkGradients(
                of: { $0[0].cummax(dim: dimension).values }, at: [apart([4, 5])])
            #expect(report.comparisons > 0)
            #expect(report.isCorrect, "\(report)")
        }
    }

    @Test func integersAreRefused() {
        #expect(throws: TensorError.self) { try withTensorErrors { _ = Tensor([1, 2]).cummax(dim: 0) } }
    }
}
