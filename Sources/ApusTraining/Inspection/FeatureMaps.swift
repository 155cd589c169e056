import ApusData
import ApusEngine
import ApusGraph
import ApusNN

/// What the layers of a model make of one image: the channels of each convolution, activation, pooling or other module
/// whose result is a feature map.
///
/// A module that hands on what another one gave (a `Sequential`, a dropout in evaluation mode) is left out; a residual
/// block, whose sum is its own, is not.
public struct FeatureMaps: Sendable {
    /// The feature maps of a module.
    public struct Layer: Sendable {
        /// The module's place in the model, such as `conv.0`; empty for the model itself.
        public let path: String
        /// The module's class, such as `Conv2d`.
        public let type: String
        /// The channels, [C, H, W].
        public let maps: Tensor

        /// The channels beside each other, in about as many rows as columns, each stretched from its smallest to its
        /// largest number and coloured; a channel of one number, and a NaN, has the first colour.
        ///
        /// Small channels are enlarged by whole factors to 40 pixels at least.
        ///
        /// - Throws: what evaluating the tensor throws.
        public func image(colors: ColorMap = .viridis) throws -> Image {
            let planes = try Image.featureMaps(maps).map { plane in
                ImageGrid.Entry(colors.image(of: plane).enlarged(toAtLeast: 40))
            }
            let columns = Int(Double(planes.count).squareRoot().rounded(.up))
            return ImageGrid(planes, columns: columns, margin: 3).image()
        }
    }

    /// The modules in the order of their calls; one that is called twice stands here twice.
    public let layers: [Layer]

    /// Shows `image`, [C, H, W], prepared as for the model's training, to a model in evaluation mode.
    ///
    /// - Throws: ``InspectionError`` where no module gives a feature map; `TensorError` where the model does not take
    ///   the image; what computing it throws.
    public init(of model: Module, image: Tensor) throws {
        let pass = try ObservedPass(of: model, image: image, isDifferentiable: false)
        var seen: [Value] = []
        var layers: [Layer] = []
        for call in pass.calls where call.isFeatureMap {
            let value = call.output.value
            guard !seen.contains(where: { $0.node === value.node && $0.output == value.output }) else { continue }
            seen.append(value)
            layers.append(Layer(path: call.path, type: call.type, maps: call.output[0]))
        }
        guard !layers.isEmpty else { throw InspectionError.noFeatureMaps(model: model.typeName) }
        try Tensor.evaluate(layers.map(\.maps))
        self.layers = layers
    }
}
