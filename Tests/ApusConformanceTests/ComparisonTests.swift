import ApusGraph
import Testing

@testable import ApusConformance

/// The rule of comparing: |actual − expected| ≤ atol + rtol · |expected|.
@Suite("Comparison")
struct ComparisonTests {
    private static func differences(
        _ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance = .exact
    ) throws -> [String] {
        var comparison = Comparison()
        try comparison.compare("x", actual, expected, tolerance)
        return comparison.differences
    }

    /// Limit 0.25 + 0.5 · 2 = 1.25, which is exact in binary.
    @Test(arguments: [
        (Float(3.25), true), (0.75, true), (3.375, false), (0.625, false), (.nan, false), (.infinity, false),
    ])
    func realsWithinTheLimit(actual: Float, agrees: Bool) throws {
        let tolerance = Tolerance(relative: 0.5, absolute: 0.25)
        #expect(try Self.differences(Tensor([actual]), Tensor([Float(2)]), tolerance).isEmpty == agrees)
    }

    @Test func integersAreEqual() throws {
        let tolerance = Tolerance(relative: 1, absolute: 1)
        #expect(try Self.differences(Tensor([Int64(1), 2]), Tensor([Int64(1), 2]), tolerance).isEmpty)
        #expect(
            try Self.differences(Tensor([Int64(1), 3]), Tensor([Int64(1), 2]), tolerance)
                == ["x: 1 of 2 elements differ; first at [1]: 3, expected 2"])
    }

    @Test func shapesAndTypesAreEqual() throws {
        #expect(
            try Self.differences(.zeros(2, 3), .zeros(3, 2)) == ["x: the shape is [2, 3], expected [3, 2]"])
        #expect(
            try Self.differences(.zeros(2, dtype: .float64), .zeros(2)) == ["x: the type is float64, expected float32"])
        #expect(try Self.differences(.zeros(0, 3), .zeros(0, 3)).isEmpty)
    }

    /// A case that holds nothing to compare does not pass.
    @Test func nothingComparedIsNoPass() {
        #expect(throws: CaseProblem.self) { try Comparison().check() }
    }
}
