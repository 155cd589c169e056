import ApusEngine
import ApusGraph
import ApusNN

/// A model's forward pass as TensorBoard's nodes: operations, parameters, the image and the result.
///
/// A node's name is the place of its module with slashes, by which TensorBoard groups them: `LeNet/conv/0/convolution`.
struct ModelGraph {
    private var nodes: [Tensorflow_NodeDef] = []
    /// The names of the nodes that were met.
    private var names: [ObjectIdentifier: String] = [:]
    private var taken: Set<String> = []
    private let root: String

    /// The graph of a model for images of the shape `input`, [C, H, W].
    ///
    /// - Throws: `TensorError` where the model does not take such an image, or is lazy and has no weights yet.
    static func definition(of model: Module, input: Shape) throws -> Tensorflow_GraphDef {
        let wasTraining = model.isTraining
        model.eval()
        defer { if wasTraining { model.train() } }
        // Initial values that nobody has read yet are operations too, which are none of the model's. Evaluated before the
        // forward pass is recorded, which would be evaluated with them.
        let state = try withTensorErrors {
            model.namedParameters().map { ($0.name, $0.parameter.data) }
                + model.namedBuffers().map { ($0.name, $0.buffer.data) }
        }
        try Tensor.evaluate(state.map(\.1))
        let image = Tensor.zeros(Shape([1] + input.dimensions))
        let result = try withTensorErrors {
            // Also where `APUS_EAGER=1` would compute each operation and forget what it was made of.
            EvaluationHook.$isEager.withValue(false) { noGrad { model(image) } }
        }
        var graph = ModelGraph(root: model.typeName)
        graph.add(image, name: "input", operation: "Placeholder")
        for (name, tensor) in state {
            graph.add(tensor, name: graph.place(name), operation: "Parameter")
        }
        graph.addOperations(behind: result)
        graph.append(
            name: graph.unique("output"), operation: "Output", inputs: [graph.reference(to: result.value)],
            results: [result.spec])
        return .with {
            $0.node = graph.nodes
            // The version of the format that PyTorch writes.
            $0.versions.producer = 22
        }
    }

    private init(root: String) { self.root = root }

    /// Depth first without recursion: a node is done once its inputs are.
    private mutating func addOperations(behind result: Tensor) {
        var visited: Set<ObjectIdentifier> = []
        var stack: [(node: Node, areInputsDone: Bool)] = [(result.value.node, false)]
        while let (node, areInputsDone) = stack.popLast() {
            let identity = ObjectIdentifier(node)
            guard names[identity] == nil else { continue }
            guard case .pending(let primitive, let inputs) = node.work else {
                addConstant(node)
                continue
            }
            if areInputsDone {
                let name = unique(place(node.modulePath?.text ?? "") + "/" + primitive.name.replacing(" ", with: "_"))
                names[identity] = name
                append(
                    name: name, operation: primitive.name, inputs: inputs.map { reference(to: $0) },
                    results: node.outputs)
            } else if visited.insert(identity).inserted {
                stack.append((node, true))
                for input in inputs.reversed() { stack.append((input.node, false)) }
            }
        }
    }

    /// A number in an expression, or a tensor that the model keeps outside of its parameters.
    private mutating func addConstant(_ node: Node) {
        let name = unique(place(node.modulePath?.text ?? "") + "/constant")
        names[ObjectIdentifier(node)] = name
        append(name: name, operation: "Const", inputs: [], results: node.outputs)
    }

    private mutating func add(_ tensor: Tensor, name: String, operation: String) {
        // Shared parameters are one node, under the first name.
        guard names[ObjectIdentifier(tensor.value.node)] == nil else { return }
        let name = unique(name)
        names[ObjectIdentifier(tensor.value.node)] = name
        append(name: name, operation: operation, inputs: [], results: [tensor.spec])
    }

    private mutating func append(name: String, operation: String, inputs: [String], results: [TensorSpec]) {
        nodes.append(
            .with {
                $0.name = name
                $0.op = operation
                $0.input = inputs
                $0.attr["_output_shapes"] = .with { $0.list.shape = results.map { Self.shape($0.shape) } }
            })
    }

    /// How an input names what it reads: the node, and the number of its result where that is not the first.
    private func reference(to value: Value) -> String {
        let name = names[ObjectIdentifier(value.node)] ?? ""
        return value.output == 0 ? name : "\(name):\(value.output)"
    }

    private func place(_ path: String) -> String {
        path.isEmpty ? root : root + "/" + path.split(separator: ".").joined(separator: "/")
    }

    /// The name, with a number where it is taken.
    private mutating func unique(_ name: String) -> String {
        var candidate = name
        var number = 1
        while !taken.insert(candidate).inserted {
            candidate = "\(name)_\(number)"
            number += 1
        }
        return candidate
    }

    private static func shape(_ shape: Shape) -> Tensorflow_TensorShapeProto {
        .with { $0.dim = shape.dimensions.map { size in .with { $0.size = Int64(size) } } }
    }
}
