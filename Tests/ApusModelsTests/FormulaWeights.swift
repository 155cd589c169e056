import ApusGraph
import ApusInterop
import ApusNN

/// Weights and images that are made by one formula here and in `Tests/Fixtures/make_models.py`, which tells it.
enum FormulaWeights {
    private static let period = 65_537

    /// 2 · (hash(j) >> 8) · 2⁻²⁴ − 1 for all j below the period, with Wellons' lowbias32 as the hash.
    private static let noise: [Double] = (0..<UInt32(period)).map { number in
        var hash = number
        hash ^= hash >> 16
        hash &*= 0x7FEB_352D
        hash ^= hash >> 15
        hash &*= 0x846C_A68B
        hash ^= hash >> 16
        return 2 * Double(hash >> 8) * 0x1p-24 - 1
    }

    /// Two images of 64×64 in three colours.
    static func images() -> Tensor {
        let shape: Shape = [2, 3, 64, 64]
        return Tensor((0..<shape.elementCount).map { Float(noise[3 * $0 % period]) }, shape: shape)
    }

    /// The state of a model in the format's bytes, its values by the formula.
    static func tensors(of model: Module) -> [SafetensorsWriter.Tensor] {
        model.stateDict().enumerated().map { index, entry in
            let (name, shape) = (entry.key, entry.tensor.shape)
            guard entry.tensor.dtype == .float32 else {
                let counter = withUnsafeBytes(of: Int64(index).littleEndian) { Array($0) }
                return SafetensorsWriter.Tensor(name: name, dtype: .int64, shape: [], bytes: counter)
            }
            // The values come again after a period.
            let count = shape.elementCount
            let values = values(min(count, period), from: 7919 * index, name: name, shape: shape)
            let bytes = values.withUnsafeBytes { Array($0) }
            var repeated = bytes
            while repeated.count < count * MemoryLayout<Float>.size { repeated += bytes }
            return SafetensorsWriter.Tensor(
                name: name, dtype: .float32, shape: shape.dimensions,
                bytes: Array(repeated[..<(count * MemoryLayout<Float>.size)]))
        }
    }

    /// The first values of a tensor.
    private static func values(_ count: Int, from start: Int, name: String, shape: Shape) -> [Float] {
        let (center, factor): (Double, Double)
        if name.hasSuffix("weight"), shape.rank > 1 {
            (center, factor) = (0, (3 / Double(shape.dimensions.dropFirst().reduce(1, *))).squareRoot())
        } else if name.hasSuffix("weight") || name.hasSuffix("running_var") {
            (center, factor) = (1, 0.5)
        } else {
            (center, factor) = (0, 0.1)
        }
        return (0..<count).map { Float(center + noise[(start + $0) % period] * factor) }
    }
}
