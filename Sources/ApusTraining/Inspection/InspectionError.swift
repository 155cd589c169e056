/// Why a model cannot be looked into.
public enum InspectionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The model, named by its class, has no two-dimensional convolution.
    case noConvolutions(model: String)
    /// No call of the model gave a feature map, [1, C, H, W].
    case noFeatureMaps(model: String)
    /// The model calls no module at the path; those whose results are feature maps.
    case noSuchLayer(path: String, layers: [String])
    /// The result of the module at the path has another shape than [1, C, H, W].
    case notAFeatureMap(path: String, shape: [Int])
    /// The image has another shape than [C, H, W].
    case notAnImage(shape: [Int])
    /// The result of the model has another shape than [1, classes].
    case notLogits(model: String, shape: [Int])
    /// The number of a class that the model does not have.
    case classOutOfRange(Int, count: Int)

    public var description: String {
        switch self {
        case .noConvolutions(let model):
            "\(model) has no two-dimensional convolution (Conv2d), so there are no filters and no Grad-CAM. Give a "
                + "model that has one."
        case .noFeatureMaps(let model):
            "no layer of \(model) gives a feature map [1, C, H, W], so there is nothing to show. Give a model with "
                + "convolutions or poolings."
        case .noSuchLayer(let path, let layers):
            "the model calls no layer \"\(path)\". Layers with feature maps: \(layers.joined(separator: ", "))."
        case .notAFeatureMap(let path, let shape):
            "the result of the layer \"\(path)\" has the shape \(shape). Grad-CAM needs a feature map [1, C, H, W]: "
                + "name a layer before the flattening."
        case .notAnImage(let shape):
            "an image of the shape \(shape) cannot be shown to a model. Give [C, H, W]."
        case .notLogits(let model, let shape):
            "the result of \(model) has the shape \(shape), which are no logits of one image. Expected [1, classes]."
        case .classOutOfRange(let index, let count):
            "there is no class \(index): the model has \(count) classes. Give 0 to \(count - 1)."
        }
    }
}
