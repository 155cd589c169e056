import ApusEngine
import ApusGraph

/// An ``OptimizerState`` as an optimizer keeps it, by position: in most steps a template says which tensor is which, and
/// no name is looked up.
final class KeptState {
    private(set) var step = 0
    /// Sorted.
    private(set) var names: [String] = []
    private(set) var tensors: [Tensor] = []
    private(set) var numbers: [String: Double] = [:]
    /// The parameter's update as it was recorded last.
    var operation: ElementwiseTemplate.Operation?
    /// The same as an update of what is here, once the parameter and the tensors are results of one operation.
    var update: TensorUpdate?

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
        update = nil
        // Equal lists are one in memory, which makes comparing them short.
        if names != self.names { self.names = names }
    }

    func appendValues(to values: inout [Value]) {
        for tensor in tensors { values.append(tensor.value) }
    }

    /// Whether nobody else holds the tensors at some positions.
    func holdsAlone(_ positions: [Int]) -> Bool {
        for position in positions where !tensors[position].isHeldOnce() { return false }
        return true
    }

    /// Ends a step that has changed the tensors where they are.
    func advance(_ numbers: [String: Double]) {
        step += 1
        self.numbers = numbers
    }

    /// Ends a step that has made some tensors anew: those at the positions `changed`, in order from the second result on.
    func advance(_ changed: [Int], to results: [Tensor], _ numbers: [String: Double]) {
        step += 1
        self.numbers = numbers
        var tensors: [Tensor] = []
        swap(&tensors, &self.tensors)
        // After an error there is one poisoned result.
        for index in changed.indices where index + 1 < results.count { tensors[changed[index]] = results[index + 1] }
        swap(&tensors, &self.tensors)
    }
}
