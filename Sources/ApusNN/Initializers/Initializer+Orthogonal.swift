import ApusGraph

extension Initializer {
    /// A random orthogonal matrix times `gain` (`torch.nn.init.orthogonal_`; Saxe et al. 2013).
    ///
    /// The tensor is seen as a matrix of shape[0] rows; its rows, or its columns where these are fewer, are
    /// orthonormal. Fewer than two dimensions are an error (see ``/ApusGraph/withTensorErrors(_:)``). Time grows with
    /// the number of elements times the smaller side.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result, [out, in, kernel sizes …] for a weight.
    ///   - gain: a factor, as ``Nonlinearity/gain`` says it; `1` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func orthogonal(
        _ shape: Shape, gain: Double = 1, dtype: DType = .float32, generator: Generator = .shared
    ) -> Tensor {
        .checked { () throws(TensorError) in
            guard shape.rank >= 2, shape.allSatisfy({ $0 >= 0 }) else {
                throw TensorError(
                    "orthogonal", "\(shape.brackets) is no matrix. A weight has two or more dimensions: [out, in, …].")
            }
            let rows = shape.dimensions[0]
            let columns = shape.dimensions.dropFirst().reduce(1, *)
            let vectors = orthonormalVectors(
                min(rows, columns), of: max(rows, columns), HostRandom(generator))
            var elements = [Double](repeating: 0, count: rows * columns)
            for row in 0..<rows {
                for column in 0..<columns {
                    elements[row * columns + column] =
                        gain * (rows < columns ? vectors[row][column] : vectors[column][row])
                }
            }
            return Tensor(elements, shape: shape, dtype: dtype)
        }
    }

    /// Fills a parameter as ``orthogonal(_:gain:dtype:generator:)``.
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - gain: a factor, as ``Nonlinearity/gain`` says it; `1` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func orthogonal(_ parameter: Parameter, gain: Double = 1, generator: Generator = .shared) {
        fill(parameter) { orthogonal($0, gain: gain, dtype: $1, generator: generator) }
    }

    /// Random directions made orthogonal by Gram and Schmidt's method, applied twice, which reaches full precision
    /// (Giraud et al. 2005: "twice is enough"). Normal numbers make all orientations equally likely.
    private static func orthonormalVectors(_ count: Int, of length: Int, _ source: HostRandom) -> [[Double]] {
        var random = source
        var vectors: [[Double]] = []
        while vectors.count < count {
            var vector = (0..<length).map { _ in random.normal() }
            for _ in 0..<2 {
                for other in vectors {
                    let projection = dot(vector, other)
                    for index in vector.indices { vector[index] -= projection * other[index] }
                }
            }
            let norm = dot(vector, vector).squareRoot()
            vectors.append(vector.map { $0 / norm })
        }
        return vectors
    }

    private static func dot(_ left: [Double], _ right: [Double]) -> Double {
        var sum = 0.0
        for index in left.indices { sum += left[index] * right[index] }
        return sum
    }
}
