import ApusGraph
import ApusReference
import ApusTestSupport
import Testing

/// Elements of a test: numbers in double precision, and the type in which a kernel sees them.
struct TestArray: Sendable {
    var values: [Double]
    var shape: Shape
    var dtype: DType

    init(_ values: [Double], _ shape: Shape? = nil, _ dtype: DType = .float32) {
        // What a float32 cannot hold is rounded at once, so that both backends start from the same number.
        self.values = dtype == .float32 ? values.map { Double(Float($0)) } : values
        self.shape = shape ?? [values.count]
        self.dtype = dtype
    }

    var spec: TensorSpec { TensorSpec(shape, dtype) }

    /// The array of absolute values.
    var magnitudes: TestArray { TestArray(values.map(\.magnitude), shape, dtype) }

    var largest: Double { values.map(\.magnitude).max() ?? 0 }

    /// Numbers evenly spread over the range; integers and truths where the type is one.
    static func random(
        _ shape: Shape, _ dtype: DType = .float32, in range: ClosedRange<Double> = -1...1,
        using generator: inout SeededGenerator
    ) -> TestArray {
        let values: [Double] = (0..<shape.elementCount).map { _ in
            switch dtype {
            case .float32, .float64: .random(in: range, using: &generator)
            case .int64: Double(generator.int(-1_000_000...1_000_000))
            case .uint8: Double(generator.int(0...255))
            case .bool: Double(generator.int(0...1))
            }
        }
        return TestArray(values, shape, dtype)
    }

    /// Few different numbers, so that many are equal.
    static func withTies(_ shape: Shape, using generator: inout SeededGenerator) -> TestArray {
        TestArray((0..<shape.elementCount).map { _ in Double(generator.int(-2...2)) }, shape)
    }

    /// The array with some elements replaced.
    func sprinkled(_ value: Double, _ probability: Double, using generator: inout SeededGenerator) -> TestArray {
        TestArray(values.map { generator.chance(probability) ? value : $0 }, shape, dtype)
    }
}

/// Half the distance from 1 to the next `Float`: the largest relative error of one rounding.
let roundingUnit = 0x1p-24

/// The error of a sum of `count` products, relative to the sum of their absolute values.
///
/// Each addition rounds once; in any order the errors add up to at most `count` units, and like a random walk to √count
/// of them. Four more cover products, a bias and what is done to the result.
func sumTolerance(_ count: Int) -> Double { (Double(count).squareRoot() + 4) * roundingUnit }

/// The number of `Float`s from one number to another; 0 for two NaNs, and none for one.
func floatsBetween(_ a: Double, _ b: Double) -> Int {
    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN ? 0 : .max }
    func position(_ x: Double) -> Int {
        let bits = Int(Float(x).magnitude.bitPattern)
        return x.sign == .minus ? -bits : bits
    }
    return abs(position(a) - position(b))
}

/// Demands that two arrays agree, each element to within a tolerance of its own; NaN and infinities must be the same.
func expectAgreement(
    _ actual: TestArray, _ expected: TestArray, _ what: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation, tolerance: (Int) -> Double = { _ in 0 }
) {
    guard actual.spec == expected.spec else {
        Issue.record("\(what()): \(actual.spec) instead of \(expected.spec)", sourceLocation: sourceLocation)
        return
    }
    let differing = actual.values.indices.filter { index in
        let (a, b) = (actual.values[index], expected.values[index])
        if a == b || (a.isNaN && b.isNaN) { return false }
        return !(abs(a - b) <= tolerance(index))
    }
    guard let first = differing.first else { return }
    Issue.record(
        """
        \(what()): \(differing.count) of \(actual.values.count) elements of \(actual.shape.brackets) differ, first at \
        \(first): \(actual.values[first]) instead of \(expected.values[first]), tolerance \(tolerance(first))
        """, sourceLocation: sourceLocation)
}
