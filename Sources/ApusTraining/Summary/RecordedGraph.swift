import ApusGraph

/// The operations behind some tensors that were recorded and not computed: what they cost, and what they see.
struct RecordedGraph {
    /// Multiplications with addition of convolutions and matrix products, by the path of the module that recorded them.
    private(set) var multiplyAdds: [String: Int] = [:]
    /// The size formulas of windows and matrix products, by the path of the module that recorded them.
    private(set) var formulas: [String: [String]] = [:]
    private var fields: [ObjectIdentifier: ReceptiveField] = [:]
    private let imageSize: [Int]

    /// Walks the graph behind `results`; fields are counted in pixels of `image`, [1, C, H, W].
    init(of results: [Tensor], image: Tensor) {
        imageSize = Array(image.shape.dimensions.dropFirst(2))
        fields[ObjectIdentifier(image.value.node)] = .pixel(rank: imageSize.count)
        var visited: Set<ObjectIdentifier> = [ObjectIdentifier(image.value.node)]
        // Depth first without recursion: a node is done once its inputs are.
        var stack: [(node: Node, areInputsDone: Bool)] = results.reversed().map { ($0.value.node, false) }
        while let (node, areInputsDone) = stack.popLast() {
            guard case .pending(let primitive, let inputs) = node.work else { continue }
            if areInputsDone {
                finish(node, primitive, inputs)
            } else if visited.insert(ObjectIdentifier(node)).inserted {
                stack.append((node, true))
                for input in inputs.reversed() { stack.append((input.node, false)) }
            }
        }
    }

    /// How many pixels along the longer side an element of the tensor depends on; 0 where it depends on none.
    func receptiveField(of tensor: Tensor) -> Int {
        guard let field = fields[ObjectIdentifier(tensor.value.node)] else { return 0 }
        return field.size.max() ?? 0
    }

    private mutating func finish(_ node: Node, _ primitive: any Primitive, _ inputs: [Value]) {
        multiplyAdds[node.modulePath?.text ?? "", default: 0] += Self.multiplyAdds(primitive, inputs, node.outputs)
        if let formula = SizeFormula.text(primitive, inputs, node.outputs[0]) {
            formulas[node.modulePath?.text ?? "", default: []].append(formula)
        }
        var field: ReceptiveField?
        for input in inputs {
            guard let other = fields[ObjectIdentifier(input.node)] else { continue }
            field = field.map { $0.union(other) } ?? other
        }
        guard let field else { return }
        fields[ObjectIdentifier(node)] = field.after(primitive, inputs, imageSize: imageSize)
    }

    private static func multiplyAdds(_ primitive: any Primitive, _ inputs: [Value], _ outputs: [TensorSpec]) -> Int {
        let count = outputs[0].shape.elementCount
        switch primitive {
        case is Convolution:
            // Each element is a product with the weights of one output channel, [C / groups, kernel].
            return count * inputs[1].spec.shape.dimensions.dropFirst().reduce(1, *)
        case let product as MatMul:
            return count * product.sizes(inputs[0].spec.shape, inputs[1].spec.shape).k
        case is LinearMap:
            return count * inputs[1].spec.shape[1]
        default:
            return 0
        }
    }
}
