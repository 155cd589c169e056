import ApusEngine
import ApusGraph

/// Compares the numbers that an initialiser drew with what is expected of their distribution.
struct SampleStatistics {
    private let elements: [Double]
    private let shape: Shape

    init(_ tensor: Tensor) throws {
        elements = try tensor.elements(as: Double.self)
        shape = tensor.shape
    }

    /// What does not agree; empty where all does.
    func problems(_ expected: [String: ArgumentValue]) throws -> [String] {
        var problems: [String] = []
        var used: Set<String> = []
        func number(_ name: String) throws -> Double? {
            guard let value = expected[name] else { return nil }
            used.insert(name)
            guard let number = value.number else { throw CaseProblem.malformed("\"\(name)\" is no number") }
            return number
        }
        func check(_ what: String, _ actual: Double, _ expected: Double, _ tolerance: Double) {
            guard !((actual - expected).magnitude <= tolerance) else { return }
            problems.append("\(what) is \(actual), expected \(expected) ± \(tolerance)")
        }
        if let mean = try number("mean") { check("the mean", self.mean, mean, try number("mean_tol") ?? 0) }
        if let deviation = try number("std") {
            check("the standard deviation", biasedDeviation, deviation, try number("std_tol") ?? 0)
        }
        // The format allows 1e-6 relative for the rounding of the bounds.
        if let least = try number("min"), let found = elements.min(), !(found >= least - 1e-6 * least.magnitude) {
            problems.append("the smallest element is \(found), expected at least \(least)")
        }
        if let most = try number("max"), let found = elements.max(), !(found <= most + 1e-6 * most.magnitude) {
            problems.append("the largest element is \(found), expected at most \(most)")
        }
        if let points = expected["cdf"] {
            used.insert("cdf")
            for (x, share, tolerance) in try Self.points(points) {
                let found = Double(elements.count { $0 <= x }) / Double(elements.count)
                check("the share of elements up to \(x)", found, share, tolerance)
            }
        }
        if let scale = try number("orthogonal") {
            let error = orthogonalityError(scale)
            check("the largest error of mmᵀ", error, 0, try number("orthogonal_tol") ?? 0)
        }
        let unknown = Set(expected.keys).subtracting(used)
        guard unknown.isEmpty else {
            throw CaseProblem.unsupported("the expectation \(unknown.sorted().joined(separator: ", ")) is not known")
        }
        return problems
    }

    private var mean: Double { elements.reduce(0, +) / Double(elements.count) }

    private var biasedDeviation: Double {
        let mean = mean
        return (elements.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(elements.count)).squareRoot()
    }

    private static func points(_ value: ArgumentValue) throws -> [(x: Double, share: Double, tolerance: Double)] {
        guard case .list(let points) = value else { throw CaseProblem.malformed("\"cdf\" is no list") }
        return try points.map { point in
            guard let numbers = point.numbers, numbers.count == 3 else {
                throw CaseProblem.malformed("an element of \"cdf\" is not [x, p, tol]")
            }
            return (numbers[0], numbers[1], numbers[2])
        }
    }

    /// The largest difference between the smaller of mmᵀ and mᵀm, and `scale` times the identity, where m is the tensor
    /// as [first size, all others].
    private func orthogonalityError(_ scale: Double) -> Double {
        let rows = shape.dimensions.first ?? 1
        let columns = rows == 0 ? 0 : elements.count / rows
        let count = min(rows, columns)
        // Vector i, element k, along the smaller side.
        func element(_ i: Int, _ k: Int) -> Double {
            rows <= columns ? elements[i * columns + k] : elements[k * columns + i]
        }
        var largest = 0.0
        for i in 0..<count {
            for j in 0...i {
                let product = (0..<max(rows, columns)).reduce(0.0) { $0 + element(i, $1) * element(j, $1) }
                let error = (product - (i == j ? scale : 0)).magnitude
                if !(error <= largest) { largest = error }
            }
        }
        return largest
    }
}
