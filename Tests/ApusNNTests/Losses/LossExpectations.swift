import ApusEngine
import ApusGraph
import Testing

/// Demands numbers to within a few roundings in float32, relative to the largest.
func expect(
    _ tensor: Tensor, _ expected: [Double], tolerance: Double = 1e-6, sourceLocation: SourceLocation = #_sourceLocation
) {
    let found = tensor.array(as: Double.self)
    let scale = expected.map(\.magnitude).filter(\.isFinite).max() ?? 1
    let agrees =
        found.count == expected.count
        && zip(found, expected).allSatisfy {
            $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= tolerance * max(1, scale)
        }
    #expect(agrees, "\(found) instead of \(expected)", sourceLocation: sourceLocation)
}

/// The gradients of Σ f by each input.
func slopes(_ function: ([Tensor]) -> Tensor, at inputs: Tensor...) -> [Tensor] {
    let leaves = inputs.map { $0.requiringGrad() }
    function(leaves).sum().backward()
    return leaves.map { $0.grad ?? .full($0.shape, Double.nan) }
}

/// Demands that a call is refused with a message that contains the text.
func expectRefusal(_ fragment: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () -> Void) {
    let text = message(of: body)
    #expect(text?.contains(fragment) == true, "\(text ?? "nothing was refused")", sourceLocation: sourceLocation)
}
