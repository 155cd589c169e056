import ApusGraph

/// An ``OptimizerState`` as an optimizer keeps it, by position: in most steps a template says which tensor is which, and
/// no name is looked up.
final class KeptState {
    var step = 0
    /// Sorted.
    private(set) var names: [String] = []
    var tensors: [Tensor] = []
    var numbers: [String: Double] = [:]

    /// The same by names.
    var state: OptimizerState {
        get {
            OptimizerState(
                step: step, tensors: Dictionary(uniqueKeysWithValues: zip(names, tensors)), numbers: numbers)
        }
        set {
            let sorted = newValue.tensors.sorted { $0.key < $1.key }
            set(step: newValue.step, sorted.map(\.key), sorted.map(\.value), newValue.numbers)
        }
    }

    func set(step: Int, _ names: [String], _ tensors: [Tensor], _ numbers: [String: Double]) {
        (self.step, self.tensors, self.numbers) = (step, tensors, numbers)
        // Equal lists are one in memory, which makes comparing them short.
        if names != self.names { self.names = names }
    }
}
