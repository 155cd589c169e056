import ApusGraph

/// A search along a direction for a length that meets the strong Wolfe conditions (Nocedal & Wright 2006, 3.5–3.6).
///
/// With f(t) the loss and s(t) its slope: f(t) ≤ f(0) + 10⁻⁴ · t · s(0) and |s(t)| ≤ −0.9 · s(0). First the length
/// grows until such points are bracketed; then the bracket shrinks by cubic interpolation.
struct StrongWolfeSearch {
    /// The loss at one length.
    struct Point {
        var length: Double
        var loss: Double
        var gradient: Tensor
        var slope: Double
    }

    private static let sufficientDecrease = 1e-4
    private static let curvature = 0.9

    /// The slope at length 0.
    let slope: Double
    let toleranceChange: Double
    /// How many lengths are tried after the first.
    let maximumEvaluations: Int
    /// How many lengths have been tried.
    private(set) var evaluations = 0

    init(slope: Double, toleranceChange: Double, maximumEvaluations: Int) {
        (self.slope, self.toleranceChange) = (slope, toleranceChange)
        self.maximumEvaluations = maximumEvaluations
    }

    /// The best point found.
    ///
    /// - Parameters:
    ///   - start: the point of length 0.
    ///   - length: the first length to try.
    ///   - largestElement: the largest element of the direction.
    ///   - evaluate: computes the point of a length.
    mutating func run(
        from start: Point, length: Double, largestElement: Double, evaluate: (Double) throws -> Point
    ) throws -> Point {
        var round = 0
        var point = try evaluate(length)
        evaluations = 1
        var previous = start
        var bracket: [Point] = []
        while round < maximumEvaluations {
            if isTooHigh(point, start) || (round > 1 && point.loss >= previous.loss) {
                bracket = [previous, point]
                break
            }
            if isFlat(point) { return point }
            if point.slope >= 0 {
                bracket = [previous, point]
                break
            }
            let next = Self.interpolate(
                previous, point,
                bounds: (point.length + 0.01 * (point.length - previous.length), point.length * 10))
            previous = point
            point = try evaluate(next)
            evaluations += 1
            round += 1
        }
        if bracket.isEmpty { bracket = [start, point] }
        return try narrow(bracket, start, largestElement, round, evaluate)
    }

    /// Makes a bracket smaller until one of its ends meets the conditions.
    private mutating func narrow(
        _ ends: [Point], _ start: Point, _ largestElement: Double, _ rounds: Int,
        _ evaluate: (Double) throws -> Point
    ) throws -> Point {
        var (low, high) = ends[0].loss <= ends[1].loss ? (0, 1) : (1, 0)
        var (bracket, round, isStuck) = (ends, rounds, false)
        while round < maximumEvaluations {
            let (first, second) = (bracket[0].length, bracket[1].length)
            if (second - first).magnitude * largestElement < toleranceChange { break }
            var length = Self.interpolate(bracket[0], bracket[1], bounds: nil)
            // Near an end the bracket would hardly shrink: the second time, or beyond it, stay a tenth away.
            let (least, most) = (min(first, second), max(first, second))
            let margin = 0.1 * (most - least)
            if min(most - length, length - least) < margin {
                if isStuck || length >= most || length <= least {
                    let isNearMost = (length - most).magnitude < (length - least).magnitude
                    length = isNearMost ? most - margin : least + margin
                    isStuck = false
                } else {
                    isStuck = true
                }
            } else {
                isStuck = false
            }

            let point = try evaluate(length)
            evaluations += 1
            round += 1
            if isTooHigh(point, start) || point.loss >= bracket[low].loss {
                bracket[high] = point
                (low, high) = bracket[0].loss <= bracket[1].loss ? (0, 1) : (1, 0)
                continue
            }
            let isDone = isFlat(point)
            if !isDone, point.slope * (bracket[high].length - bracket[low].length) >= 0 {
                bracket[high] = bracket[low]
            }
            bracket[low] = point
            if isDone { break }
        }
        return bracket[low]
    }

    private func isTooHigh(_ point: Point, _ start: Point) -> Bool {
        point.loss > start.loss + Self.sufficientDecrease * point.length * slope
    }

    private func isFlat(_ point: Point) -> Bool { point.slope.magnitude <= -Self.curvature * slope }

    /// The lowest point of the cubic through two points with their slopes, cut to the bounds; without a lowest point
    /// the middle of the bounds.
    static func interpolate(_ a: Point, _ b: Point, bounds: (Double, Double)?) -> Double {
        let (least, most) = bounds ?? (min(a.length, b.length), max(a.length, b.length))
        let sum = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.length - b.length)
        let square = sum * sum - a.slope * b.slope
        guard square >= 0 else { return (least + most) / 2 }
        let root = square.squareRoot()
        let (left, right) = a.length <= b.length ? (a, b) : (b, a)
        let lowest =
            right.length - (right.length - left.length)
            * ((right.slope + root - sum) / (right.slope - left.slope + 2 * root))
        return min(max(lowest, least), most)
    }
}
