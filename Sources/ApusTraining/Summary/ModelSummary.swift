import ApusEngine
import ApusGraph
import ApusNN
import Synchronization

/// What each layer of a model makes of an image, and what it costs.
///
/// The model is called once, in evaluation mode, and nothing is computed: recording an operation gives its shape.
public struct ModelSummary: Sendable {
    /// A layer: a module without modules of its own, or one that holds parameters or multiplies by itself.
    public struct Layer: Sendable, Hashable {
        /// The place in the model, such as `conv.0`; empty for the model itself.
        public let path: String
        /// The class of the layer, such as `Conv2d`.
        public let type: String
        /// The shape of the result for one image, without the batch.
        public let output: [Int]
        /// How many numbers its own parameters hold; of a layer that is called twice they count once.
        public let parameters: Int
        /// How many multiplications with addition its convolutions and matrix products take for one image, over all of
        /// its calls.
        public let multiplyAdds: Int
        /// How many pixels of the image, along its longer side, an element of the result depends on; 0 where it depends
        /// on none.
        public let receptiveField: Int
        /// How many bytes its own parameters and its result for one image take.
        public let memory: Int
        /// How the size of its result follows from its input's, with the numbers, such as `[28 + 2·2 − 5] / 1 + 1 = 28`;
        /// nil where it has the input's size. Of a layer that is called twice, its last call's.
        public let sizeFormula: String?
    }

    /// The layers in the order in which they are called.
    public let layers: [Layer]
    /// How many numbers all parameters hold.
    public let parameters: Int
    /// How many multiplications with addition a forward pass of one image takes.
    public let multiplyAdds: Int
    /// How many bytes all parameters, and the results of all layers for one image, take.
    public var memory: Int { layers.reduce(0) { $0 + $1.memory } }

    /// Summarises a model for images of the shape `input`, [C, H, W].
    ///
    /// - Throws: `TensorError` where the model does not take such an image.
    public init(of model: Module, input: Shape) throws {
        let recorder = CallRecorder()
        let wasTraining = model.isTraining
        model.eval()
        defer { if wasTraining { model.train() } }
        let image = Tensor.zeros(Shape([1] + input.dimensions))
        let result = try withTensorErrors {
            // Also where `APUS_EAGER=1` would compute each operation and forget what it was made of.
            EvaluationHook.$isEager.withValue(false) {
                noGrad { ModuleObservation.$observer.withValue(recorder) { model(image) } }
            }
        }
        let calls = recorder.calls
        let graph = RecordedGraph(of: calls.map(\.output) + [result], image: image)
        var last: [String: Int] = [:]
        for (index, call) in calls.enumerated() { last[call.path] = index }
        layers = calls.enumerated().compactMap { index, call in
            let multiplyAdds = graph.multiplyAdds[call.path] ?? 0
            guard last[call.path] == index, call.isLeaf || call.ownParameters > 0 || multiplyAdds > 0 else {
                return nil
            }
            return Layer(
                path: call.path, type: call.type, output: Array(call.output.shape.dimensions.dropFirst()),
                parameters: call.ownParameters, multiplyAdds: multiplyAdds,
                receptiveField: graph.receptiveField(of: call.output),
                memory: (call.ownParameters + call.output.count) * call.output.dtype.byteCount,
                sizeFormula: graph.formulas[call.path]?.last)
        }
        parameters = model.parameters().reduce(0) { $0 + $1.count }
        multiplyAdds = graph.multiplyAdds.values.reduce(0, +)
    }
}

/// Keeps the calls of a model's modules.
private final class CallRecorder: ModuleObserver {
    struct Call: Sendable {
        let path: String
        let type: String
        let isLeaf: Bool
        let ownParameters: Int
        let output: Tensor
    }

    private let state = Mutex<[Call]>([])

    var calls: [Call] { state.withLock { $0 } }

    func didCall(_ module: Module, path: String, input: Tensor, output: Tensor) {
        let children = module.children
        // A parameter of the module itself has a name without a dot, or lies in an array (`weights.0`).
        let below = Set(children.flatMap { $0.module.parameters() }.map(ObjectIdentifier.init))
        let own = module.parameters().filter { !below.contains(ObjectIdentifier($0)) }
        let call = Call(
            path: path, type: module.typeName, isLeaf: children.isEmpty,
            ownParameters: own.reduce(0) { $0 + $1.count }, output: output)
        state.withLock { $0.append(call) }
    }
}
