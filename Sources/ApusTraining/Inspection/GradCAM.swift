import ApusData
import ApusEngine
import ApusGraph
import ApusNN

/// Where a model looks for a class: Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391).
///
/// With the channels Aᵏ of a layer and the logit yᶜ of the class, αₖ is the mean of ∂yᶜ/∂Aᵏ over all positions, and the
/// map is max(Σₖ αₖ Aᵏ, 0): where the layer speaks for the class.
public struct GradCAM: Sendable {
    /// The layer's place in the model, such as `conv.3`.
    public let layer: String
    /// The number of the class.
    public let classIndex: Int
    /// The map at the size of the image, [H, W], from 0 to 1: bilinear between the layer's positions and divided by its
    /// maximum; zeros where no position speaks for the class.
    public let map: Tensor
    /// The map as the layer has it, [h, w], as the formula gives it.
    public let layerMap: Tensor

    /// Shows `image`, [C, H, W], prepared as for the model's training, to a model in evaluation mode.
    ///
    /// - Parameters:
    ///   - model: gives logits [1, classes].
    ///   - image: the image.
    ///   - classIndex: the class to explain; nil, the default, is the predicted one.
    ///   - layer: the place of the layer to look at; nil, the default, is the convolution that is called last.
    /// - Throws: ``InspectionError``; `TensorError` where the model does not take the image; what computing it throws.
    public init(of model: Module, image: Tensor, classIndex: Int? = nil, layer: String? = nil) throws {
        let pass = try ObservedPass(of: model, image: image, isDifferentiable: true)
        let call = try Self.call(in: pass, of: model, at: layer)
        let logits = pass.result
        guard logits.rank == 2, logits.shape[0] == 1, logits.count > 0 else {
            throw InspectionError.notLogits(model: model.typeName, shape: logits.shape.dimensions)
        }
        let count = logits.shape[1]
        let index = try classIndex ?? logits.detach().argmax(dim: 1).elements(as: Int.self)[0]
        guard (0..<count).contains(index) else { throw InspectionError.classOutOfRange(index, count: count) }
        let sizes = Array(image.shape.dimensions.dropFirst())
        let (layerMap, map) = try withTensorErrors {
            // Also where the caller records no gradients.
            let gradient = GradientMode.$isEnabled.withValue(true) {
                logits[0][index].gradients(withRespectTo: [call.output])[0]
            }
            return noGrad {
                let weights = gradient.mean(dim: [2, 3], keepdim: true)
                let positive = (weights * call.output.detach()).sum(dim: 1, keepdim: true).relu()
                let enlarged = positive.interpolate(size: sizes, mode: .bilinear)
                let most = enlarged.amax()
                return (positive[0][0], enlarged[0][0] / (most + (most .== 0).cast(to: most.dtype)))
            }
        }
        try Tensor.evaluate([layerMap, map])
        (self.layer, self.classIndex, self.layerMap, self.map) = (call.path, index, layerMap, map)
    }

    /// The map in colours over the image.
    ///
    /// - Parameters:
    ///   - image: the image as people see it; where its size differs from the map's the map is stretched to it.
    ///   - opacity: the share of the colours, 0 … 1; 0.5 by default.
    ///   - colors: the colours; ``ColorMap/inferno`` by default, which leaves dark what does not matter.
    /// - Throws: what evaluating the tensors throws.
    public func overlay(on image: Image, opacity: Double = 0.5, colors: ColorMap = .inferno) throws -> Image {
        precondition((0...1).contains(opacity), "GradCAM: the opacity \(opacity) is not in 0...1")
        let stretched = map.unsqueeze(dim: 0).unsqueeze(dim: 0).interpolate(
            size: [image.height, image.width], mode: .bilinear)
        let heat = colors.image(of: try Image(stretched[0]))
        let picture = image.rgb()
        let samples = zip(picture.samples, heat.samples).map { (below: UInt8, above: UInt8) -> UInt8 in
            let mixed = Double(below) * (1 - opacity) + Double(above) * opacity
            return UInt8(mixed.rounded())
        }
        return Image(width: picture.width, height: picture.height, channels: 3, samples: samples)
    }

    /// The call of the layer asked for, else of the last convolution.
    private static func call(in pass: ObservedPass, of model: Module, at path: String?) throws -> ObservedPass.Call {
        guard let path else {
            guard let last = pass.calls.last(where: { $0.isConvolution && $0.isFeatureMap }) else {
                throw InspectionError.noConvolutions(model: model.typeName)
            }
            return last
        }
        guard let call = pass.calls.last(where: { $0.path == path }) else {
            throw InspectionError.noSuchLayer(path: path, layers: pass.featureMapPaths)
        }
        guard call.isFeatureMap else {
            throw InspectionError.notAFeatureMap(path: path, shape: call.output.shape.dimensions)
        }
        return call
    }
}
