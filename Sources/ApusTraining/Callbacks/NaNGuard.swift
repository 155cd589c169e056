import ApusEngine
import ApusGraph
import ApusNN
import Synchronization

/// Finds where a loss that is not a number comes from: which parameter, or which layer, has the first NaN.
///
/// It holds the weights before a step until its loss is read, which takes as much memory as the weights do, and on a GPU
/// those before ``Trainer/lossDelay`` earlier steps too. When a loss is NaN, it puts these weights back, calls the model again on the same batch and looks at what each layer gives;
/// the run then ends with `TrainingError.lossIsNaN` and what was found.
public final class NaNGuard: TrainerCallback {
    /// What a step began with.
    private struct Before {
        let epoch: Int
        let step: Int
        let parameters: [Tensor]
        let buffers: [Tensor]
        let random: Generator.State
    }

    private var parameters: [(name: String, parameter: Parameter)] = []
    private var buffers: [Buffer] = []
    /// The oldest first.
    private var kept: [Before] = []

    /// A guard that has seen no step.
    public init() {}

    public func trainingWillBegin(_ trainer: Trainer) {
        parameters = trainer.model.namedParameters()
        buffers = trainer.model.buffers()
    }

    public func stepWillBegin(_ trainer: Trainer) {
        kept.append(
            Before(
                epoch: trainer.position.epoch, step: trainer.position.step + 1,
                parameters: parameters.map(\.parameter.data), buffers: buffers.map(\.data),
                random: Generator.shared.state))
    }

    public func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) {
        kept.removeFirst(max(0, kept.count - trainer.lossDelay))
    }

    public func lossIsNaN(_ images: Tensor, _ labels: Tensor, _ trainer: Trainer) throws {
        let progress = trainer.progress
        guard let before = kept.last(where: { ($0.epoch, $0.step) == (progress.epoch, progress.step) }) else { return }
        kept = []
        for (entry, tensor) in zip(parameters, before.parameters) { entry.parameter.data = tensor }
        for (buffer, tensor) in zip(buffers, before.buffers) { buffer.data = tensor }
        Generator.shared.state = before.random
        throw TrainingError.lossIsNaN(
            epoch: progress.epoch, step: progress.step, origin: try origin(images, trainer))
    }

    private func origin(_ images: Tensor, _ trainer: Trainer) throws -> String {
        if try Self.hasNaN(images) { return "the images of the batch hold NaN" }
        for (name, parameter) in parameters where try !Self.isFinite(parameter.data) {
            return "the parameter \(name) holds NaN or infinity since the update before step \(trainer.progress.step)"
        }
        let recorder = OutputRecorder()
        _ = noGrad {
            autocast(trainer.precision) {
                ModuleObservation.$observer.withValue(recorder) { trainer.model(images) }
            }
        }
        var firstInfinite: String?
        for (layer, output) in recorder.outputs {
            if try Self.hasNaN(output) {
                let cause = firstInfinite.map { ", behind infinite values of \($0)" } ?? ""
                return "the first NaN comes from \(layer)\(cause)"
            }
            if firstInfinite == nil, try !Self.isFinite(output) { firstInfinite = layer }
        }
        if let firstInfinite { return "\(firstInfinite) gives infinite values" }
        return "the loss function gives NaN for finite logits"
    }

    private static func hasNaN(_ tensor: Tensor) throws -> Bool {
        guard tensor.dtype.isFloatingPoint else { return false }
        return try noGrad { tensor.isNaN().any() }.elements(as: Bool.self)[0]
    }

    private static func isFinite(_ tensor: Tensor) throws -> Bool {
        try noGrad { tensor.isFinite().all() }.elements(as: Bool.self)[0]
    }
}

/// Keeps what each layer gave, children before their parents.
private final class OutputRecorder: ModuleObserver {
    private let state = Mutex<[(layer: String, output: Tensor)]>([])

    var outputs: [(layer: String, output: Tensor)] { state.withLock { $0 } }

    func didCall(_ module: Module, path: String, input: Tensor, output: Tensor) {
        let layer = path.isEmpty ? module.typeName : "\(path) (\(module.typeName))"
        state.withLock { $0.append((layer, output)) }
    }
}
