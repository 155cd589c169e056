import ApusData
import ApusEngine
import ApusGraph
import ApusNN

/// The filters that a model's first convolution has learnt.
public struct FilterGrid: Sendable {
    /// The convolution's place in the model, such as `conv.0`.
    public let path: String
    /// The weights, [O, C / groups, kh, kw].
    public let weights: Tensor

    /// The filters of the first two-dimensional convolution in the order of declaration.
    ///
    /// - Throws: ``InspectionError/noConvolutions(model:)``; `TensorError` where a lazy convolution has no weights yet;
    ///   what evaluating the weights throws.
    public init(of model: Module) throws {
        for (name, module) in model.namedModules() {
            guard let convolution = module as? Conv2d else { continue }
            (path, weights) = (name, try withTensorErrors { convolution.weight.data })
            try Tensor.evaluate([weights])
            return
        }
        throw InspectionError.noConvolutions(model: model.typeName)
    }

    /// The filters beside each other, each stretched from its smallest to its largest weight.
    ///
    /// With three input channels a filter is a colour picture. With one it is gray; with any other number its kernels,
    /// one for each input channel, stand in a row of their own. Small kernels are enlarged by whole factors to 40 pixels
    /// at least.
    ///
    /// - Throws: what evaluating the weights throws.
    public func image() throws -> Image {
        let channels = weights.shape[1]
        let least = weights.amin(dim: [1, 2, 3], keepdim: true)
        let span = weights.amax(dim: [1, 2, 3], keepdim: true) - least
        // A filter of one number has no contrast to stretch: it is black.
        let stretched = (weights - least) / (span + (span .== 0).cast(to: span.dtype))
        try Tensor.evaluate([stretched])
        var entries: [ImageGrid.Entry] = []
        for filter in 0..<weights.shape[0] {
            let pictures = channels == 3 ? [stretched[filter]] : (0..<channels).map { stretched[filter][$0] }
            entries += try pictures.map { .init(try Image($0).enlarged(toAtLeast: 40)) }
        }
        let isRowEach = channels != 1 && channels != 3
        let columns = isRowEach ? channels : Int(Double(entries.count).squareRoot().rounded(.up))
        return ImageGrid(entries, columns: columns, margin: 4).image()
    }
}
