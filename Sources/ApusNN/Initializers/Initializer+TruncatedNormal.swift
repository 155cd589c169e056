import ApusGraph
import Foundation

extension Initializer {
    /// Below this share of the normal distribution within the bounds, drawing until a number lies inside takes long.
    ///
    /// PyTorch changes its method at the same share.
    private static let redrawnShare = 0.3

    /// The generator draws no number further from the mean than this many deviations, so that bounds beyond cut nothing:
    /// by the method of Box and Muller √(−2 log u) is at most 8.6 for the least u of 53 bits, 2⁻⁵³.
    private static let reach = 9.0

    /// Numbers of a normal distribution, of those within `low` … `high` only (`torch.nn.init.trunc_normal_`).
    ///
    /// Bounds in the wrong order and a standard deviation that is not positive are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result, [out, in, kernel sizes …] for a weight.
    ///   - mean: the mean of the distribution; `0` by default.
    ///   - standardDeviation: that of the numbers; `1` by default.
    ///   - low: the least number; `-2` by default.
    ///   - high: the largest number; `2` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func truncatedNormal(
        _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, low: Double = -2, high: Double = 2,
        dtype: DType = .float32, generator: Generator = .shared
    ) -> Tensor {
        .checked { () throws(TensorError) in
            guard low < high, standardDeviation > 0, shape.allSatisfy({ $0 >= 0 }) else {
                throw TensorError(
                    "trunc_normal",
                    "low \(low), high \(high), standard deviation \(standardDeviation) and shape "
                        + "\(shape.brackets) name no distribution. Expected low < high, a positive deviation and "
                        + "sizes of 0 or more.")
            }
            let isUncut = Swift.min(mean - low, high - mean) > reach * standardDeviation
            if isUncut {
                return .normal(
                    shape, mean: mean, standardDeviation: standardDeviation, dtype: dtype, generator: generator)
            }
            func share(below bound: Double) -> Double {
                (1 + erf((bound - mean) / standardDeviation / 2.0.squareRoot())) / 2
            }
            let isRedrawn = share(below: high) - share(below: low) > redrawnShare
            // The highest point of the density within the bounds.
            let peak = max(low, min(mean, high))
            func logDensity(_ x: Double) -> Double {
                let distance = (x - mean) / standardDeviation
                return -distance * distance / 2
            }
            var random = HostRandom(generator)
            func draw() -> Double {
                while true {
                    if isRedrawn {
                        let number = mean + standardDeviation * random.normal()
                        if number >= low, number <= high { return number }
                    } else {
                        // Rejection: evenly spread numbers, kept with the density's share of its peak.
                        let number = low + (high - low) * random.uniform()
                        if log(random.uniform()) <= logDensity(number) - logDensity(peak) { return number }
                    }
                }
            }
            return Tensor((0..<shape.elementCount).map { _ in draw() }, shape: shape, dtype: dtype)
        }
    }

    /// Fills a parameter as ``truncatedNormal(_:mean:standardDeviation:low:high:dtype:generator:)``.
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - mean: the mean of the distribution; `0` by default.
    ///   - standardDeviation: that of the numbers; `1` by default.
    ///   - low: the least number; `-2` by default.
    ///   - high: the largest number; `2` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func truncatedNormal(
        _ parameter: Parameter, mean: Double = 0, standardDeviation: Double = 1, low: Double = -2, high: Double = 2,
        generator: Generator = .shared
    ) {
        fill(parameter) {
            truncatedNormal(
                $0, mean: mean, standardDeviation: standardDeviation, low: low, high: high, dtype: $1,
                generator: generator)
        }
    }
}
