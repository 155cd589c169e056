import ApusGraph
import ApusNN

/// A model whose first weights depend on the images that it will be trained on.
public protocol DataDependentInitialization: Module {
    /// How many images it wants; fewer will do.
    var initializationImageCount: Int { get }

    /// Sets the weights that depend on images.
    ///
    /// - Parameter images: training images [N, C, H, W], as the model will see them, without random changes.
    /// - Throws: `TensorError` where the images do not fit or cannot be computed.
    func initialize(from images: Tensor) throws
}
