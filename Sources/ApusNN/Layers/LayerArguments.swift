import ApusGraph

/// Checks the arguments of a layer's constructor and reports what is wrong.
struct LayerArguments {
    let layer: String
    private(set) var areValid = true

    init(of layer: String) { self.layer = layer }

    /// Raises an error with `message` unless `condition` holds (see ``/ApusGraph/withTensorErrors(_:)``).
    mutating func require(_ condition: Bool, _ message: @autoclosure () -> String) {
        guard !condition else { return }
        areValid = false
        TensorError.raise(TensorError(layer, message()))
    }

    mutating func require(_ value: Int, _ name: String, atLeast least: Int) {
        require(value >= least, "\(name) is \(value). It must be at least \(least).")
    }

    mutating func require(_ value: SpatialSizes, _ name: String, atLeast least: Int) {
        require(value.sizes.allSatisfy { $0 >= least }, "\(name) is \(value). It must be at least \(least).")
    }

    /// One number for each of `rank` dimensions, none below `least`.
    mutating func sizes(_ value: any SpatialSize, _ name: String, rank: Int, atLeast least: Int) -> SpatialSizes {
        guard let sizes = value.spatialSizes.resolved(rank: rank) else {
            let names = ["length", "height and width", "depth, height and width"]
            require(
                false,
                "\(name): \(value) has \(value.spatialSizes.sizes.count) numbers. Give one, or \(rank): "
                    + "\(names.indices.contains(rank - 1) ? names[rank - 1] : "one for each dimension").")
            return SpatialSizes([Int](repeating: 1, count: rank))
        }
        require(sizes, name, atLeast: least)
        return sizes
    }

    /// A parameter that `make` initialises; where an argument was wrong it stands for nothing.
    func parameter(_ make: () -> Tensor) -> Parameter { Parameter(areValid ? make() : .poisoned()) }

    /// A parameter that the first batch is to initialise; where an argument was wrong it stands for nothing.
    func parameter(uninitialized shape: PartialShape) -> Parameter {
        areValid ? Parameter(uninitialized: shape) : Parameter(.poisoned())
    }
}
