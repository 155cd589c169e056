import ApusGraph

extension Initializer {
    /// The identity matrix [out, in]: a linear layer that passes its inputs on, as far as there are outputs
    /// (`torch.nn.init.eye_`).
    ///
    /// Other than two dimensions are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result, [out, in, kernel sizes …] for a weight.
    ///   - dtype: the type of the elements; `.float32` by default.
    public static func eye(_ shape: Shape, dtype: DType = .float32) -> Tensor {
        .checked { () throws(TensorError) in
            let (rows, columns) = try matrixSizes(shape, "eye")
            var elements = [Double](repeating: 0, count: rows * columns)
            for index in 0..<min(rows, columns) { elements[index * columns + index] = 1 }
            return Tensor(elements, shape: shape, dtype: dtype)
        }
    }

    /// Fills a parameter as ``eye(_:dtype:)``.
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    public static func eye(_ parameter: Parameter) { fill(parameter) { eye($0, dtype: $1) } }

    /// The identity of convolutions (`torch.nn.init.dirac_`): a weight [out, in, kernel sizes …] with 1 in the middle
    /// of the kernel from input i to output i of each group, as far as there are both, and 0 elsewhere.
    ///
    /// Other than one to three kernel sizes, and outputs that the groups do not divide, are an error (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result, [out, in, kernel sizes …] for a weight.
    ///   - groups: the groups of the convolution; `1` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    public static func dirac(_ shape: Shape, groups: Int = 1, dtype: DType = .float32) -> Tensor {
        .checked { () throws(TensorError) in
            guard (3...5).contains(shape.rank), shape.allSatisfy({ $0 >= 0 }) else {
                throw TensorError(
                    "dirac", "\(shape.brackets) is no convolution's weight: [out, in, kernel sizes …], three to five.")
            }
            guard groups > 0, shape[0] % groups == 0 else {
                throw TensorError(
                    "dirac",
                    "groups: \(groups) does not divide the \(shape[0]) output channels of \(shape.brackets).")
            }
            let kernel = Array(shape.dimensions[2...])
            let size = kernel.reduce(1, *)
            let middle = kernel.reduce(0) { $0 * $1 + $1 / 2 }
            let outputs = shape[0] / groups
            var elements = [Double](repeating: 0, count: shape.elementCount)
            guard size > 0 else { return Tensor(elements, shape: shape, dtype: dtype) }
            for output in 0..<shape[0] where output % outputs < shape[1] {
                elements[(output * shape[1] + output % outputs) * size + middle] = 1
            }
            return Tensor(elements, shape: shape, dtype: dtype)
        }
    }

    /// Fills a parameter as ``dirac(_:groups:dtype:)``.
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - groups: the groups of the convolution; `1` by default.
    public static func dirac(_ parameter: Parameter, groups: Int = 1) {
        fill(parameter) { dirac($0, groups: groups, dtype: $1) }
    }

    /// Normal numbers of which a share in each column of the matrix [out, in] is 0 (`torch.nn.init.sparse_`; Martens
    /// 2010).
    ///
    /// Other than two dimensions, and another sparsity, are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result, [out, in, kernel sizes …] for a weight.
    ///   - sparsity: 0 to 1; ⌈sparsity · out⌉ elements of each column, chosen at random, are 0.
    ///   - standardDeviation: that of the numbers that are not 0; `0.01` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func sparse(
        _ shape: Shape, sparsity: Double, standardDeviation: Double = 0.01, dtype: DType = .float32,
        generator: Generator = .shared
    ) -> Tensor {
        .checked { () throws(TensorError) in
            let (rows, columns) = try matrixSizes(shape, "sparse")
            guard (0...1).contains(sparsity) else {
                throw TensorError("sparse", "sparsity is \(sparsity). Expected 0 to 1.")
            }
            let zeros = Int((sparsity * Double(rows)).rounded(.up))
            var random = HostRandom(generator)
            var elements = (0..<rows * columns).map { _ in random.normal() * standardDeviation }
            for column in 0..<columns {
                // The beginning of a shuffle (Fisher and Yates).
                var order = Array(0..<rows)
                for index in 0..<zeros {
                    order.swapAt(index, index + Int(random.uniform() * Double(rows - index)))
                    elements[order[index] * columns + column] = 0
                }
            }
            return Tensor(elements, shape: shape, dtype: dtype)
        }
    }

    /// Fills a parameter as ``sparse(_:sparsity:standardDeviation:dtype:generator:)``.
    ///
    /// - Parameters:
    ///   - parameter: what is filled; it keeps its shape and type.
    ///   - sparsity: 0 to 1; ⌈sparsity · out⌉ elements of each column, chosen at random, are 0.
    ///   - standardDeviation: that of the numbers that are not 0; `0.01` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public static func sparse(
        _ parameter: Parameter, sparsity: Double, standardDeviation: Double = 0.01, generator: Generator = .shared
    ) {
        fill(parameter) {
            sparse($0, sparsity: sparsity, standardDeviation: standardDeviation, dtype: $1, generator: generator)
        }
    }

    private static func matrixSizes(
        _ shape: Shape, _ operation: String
    ) throws(TensorError) -> (rows: Int, columns: Int) {
        guard shape.rank == 2, shape.allSatisfy({ $0 >= 0 }) else {
            throw TensorError(operation, "\(shape.brackets) is no matrix [out, in]. Expected two dimensions.")
        }
        return (shape[0], shape[1])
    }
}
