import ApusEngine
import ApusGraph

/// How far a result may be from the expected one: |actual − expected| ≤ absolute + relative · |expected|.
struct Tolerance: Sendable, Equatable {
    var relative: Double
    var absolute: Double

    /// Every element must be the same number.
    static let exact = Tolerance(relative: 0, absolute: 0)

    func limit(_ expected: Double) -> Double { absolute + relative * expected.magnitude }
}

/// Compares results with expected tensors and collects what differs.
struct Comparison {
    /// One line for each tensor that differs.
    private(set) var differences: [String] = []
    /// How many tensors were compared.
    private(set) var count = 0

    /// Compares one tensor: shapes and types are equal, real elements within the tolerance, all others equal.
    ///
    /// NaN and infinity never agree with anything: no expected tensor has them.
    mutating func compare(_ name: String, _ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance) throws {
        count += 1
        guard actual.shape == expected.shape else {
            fail(name, "the shape is \(actual.shape.brackets), expected \(expected.shape.brackets)")
            return
        }
        guard actual.dtype == expected.dtype else {
            fail(name, "the type is \(actual.dtype), expected \(expected.dtype)")
            return
        }
        if expected.dtype.isFloatingPoint {
            try compareReals(name, actual, expected, tolerance)
        } else {
            try compareIntegers(name, actual, expected)
        }
    }

    /// Notes that a tensor which must be there is absent.
    mutating func fail(_ name: String, _ problem: String) { differences.append("\(name): \(problem)") }

    /// Throws where anything differed, or where nothing was compared at all.
    func check() throws {
        guard differences.isEmpty else { throw CaseProblem.mismatch(differences.joined(separator: "; ")) }
        guard count > 0 else { throw CaseProblem.malformed("the case holds nothing to compare") }
    }

    private mutating func compareReals(
        _ name: String, _ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance
    ) throws {
        let (left, right) = (try actual.elements(as: Double.self), try expected.elements(as: Double.self))
        var wrong = 0
        var worst = (index: 0, excess: -1.0)
        for index in right.indices {
            let (difference, limit) = ((left[index] - right[index]).magnitude, tolerance.limit(right[index]))
            guard !(difference <= limit) else { continue }
            wrong += 1
            let excess = difference.isNaN ? .infinity : difference - limit
            if excess > worst.excess { worst = (index, excess) }
        }
        guard wrong > 0 else { return }
        let (a, e) = (left[worst.index], right[worst.index])
        fail(
            name,
            "\(wrong) of \(right.count) elements differ; worst at \(position(worst.index, expected.shape)): \(a), "
                + "expected \(e) (difference \((a - e).magnitude), allowed \(tolerance.absolute) + "
                + "\(tolerance.relative)·|expected| = \(tolerance.limit(e)))")
    }

    private mutating func compareIntegers(_ name: String, _ actual: Tensor, _ expected: Tensor) throws {
        let (left, right) = (try actual.elements(as: Int64.self), try expected.elements(as: Int64.self))
        let wrong = right.indices.filter { left[$0] != right[$0] }
        guard let first = wrong.first else { return }
        fail(
            name,
            "\(wrong.count) of \(right.count) elements differ; first at \(position(first, expected.shape)): "
                + "\(left[first]), expected \(right[first])")
    }

    private func position(_ index: Int, _ shape: Shape) -> String {
        let strides = shape.rowMajorStrides
        return Shape(shape.indices.map { index / strides[$0] % shape[$0] }).brackets
    }
}
