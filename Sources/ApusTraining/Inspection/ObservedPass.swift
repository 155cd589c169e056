import ApusEngine
import ApusGraph
import ApusNN
import Synchronization

/// A forward pass of a model in evaluation mode, with the result of each module that it called.
struct ObservedPass {
    /// The call of a module.
    struct Call: Sendable {
        /// The module's place in the model; empty for the model itself.
        let path: String
        /// The module's class.
        let type: String
        /// Whether the module is a two-dimensional convolution.
        let isConvolution: Bool
        let output: Tensor

        /// Whether the result is a feature map of one image, [1, C, H, W].
        var isFeatureMap: Bool { output.rank == 4 && output.shape[0] == 1 && output.count > 0 }
    }

    /// The calls in the order in which they ended: children before their parents.
    let calls: [Call]
    /// What the model gave.
    let result: Tensor

    /// Shows `image`, [C, H, W], to a model.
    ///
    /// With `isDifferentiable` the result has gradients by each module's result, also where the parameters need none.
    ///
    /// - Throws: ``InspectionError/notAnImage(shape:)``, and `TensorError` where the model does not take the image.
    init(of model: Module, image: Tensor, isDifferentiable: Bool) throws {
        guard image.rank == 3, image.count > 0 else {
            throw InspectionError.notAnImage(shape: image.shape.dimensions)
        }
        let wasTraining = model.isTraining
        model.eval()
        defer { if wasTraining { model.train() } }
        let observer = Observer()
        let batch = image.detach().unsqueeze(dim: 0)
        result = try withTensorErrors {
            GradientMode.$isEnabled.withValue(isDifferentiable) {
                ModuleObservation.$observer.withValue(observer) {
                    model((isDifferentiable ? batch.requiringGrad() : batch).moved(to: model.device))
                }
            }
        }
        calls = observer.calls
    }

    /// The places of the calls that gave feature maps.
    var featureMapPaths: [String] { calls.filter(\.isFeatureMap).map(\.path) }

    private final class Observer: ModuleObserver {
        private let state = Mutex<[Call]>([])

        var calls: [Call] { state.withLock { $0 } }

        func didCall(_ module: Module, path: String, input: Tensor, output: Tensor) {
            let call = Call(
                path: path, type: module.typeName, isConvolution: module is Conv2d || module is ConvTranspose2d,
                output: output)
            state.withLock { $0.append(call) }
        }
    }
}
