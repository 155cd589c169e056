import ApusEngine
import ApusGraph

// What the examples' tests use, as it stands in the test targets that the documents name.

/// The message of the first tensor error of `body`; nil where there was none.
func message(of body: () -> Void) -> String? {
    do {
        try withTensorErrors(body)
        return nil
    } catch {
        return "\(error)"
    }
}

/// Different numbers in arbitrary order, far from each other: at no distance of a difference do two change places.
func apart(_ shape: Shape) -> Tensor {
    let count = shape.elementCount
    let order = Tensor.randperm(count, generator: Generator(seed: 1)).array(as: Int64.self)
    return Tensor(order.map { Double($0) / 2 + 0.2 }, shape: shape, dtype: .float64)
}
