import ApusGraph

/// Checks the arguments of a layer's constructor and reports what is wrong.
struct LayerArguments {
    let layer: String
    private(set) var areValid = true

    init(of layer: String) { self.layer = layer }

    /// Raises an error with `message` unless `condition` holds (see ``withTensorErrors(_:)``).
    mutating func require(_ condition: Bool, _ message: @autoclosure () -> String) {
        guard !condition else { return }
        areValid = false
        TensorError.raise(TensorError(layer, message()))
    }

    mutating func require(_ value: Int, _ name: String, atLeast least: Int) {
        require(value >= least, "\(name) is \(value). It must be at least \(least).")
    }

    mutating func require(_ value: Pair, _ name: String, atLeast least: Int) {
        require(
            value.height >= least && value.width >= least, "\(name) is \(value). It must be at least \(least).")
    }

    /// A parameter that `make` initialises; where an argument was wrong it stands for nothing.
    func parameter(_ make: () -> Tensor) -> Parameter { Parameter(areValid ? make() : .poisoned()) }
}
