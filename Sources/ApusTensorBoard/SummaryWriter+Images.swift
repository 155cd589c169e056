import ApusData
import ApusGraph
import Foundation

extension SummaryWriter {
    /// Adds a picture (`add_image`).
    ///
    /// - Throws: ``SummaryWriterError``, and `DataError` where it cannot be encoded as PNG.
    public func addImage(_ tag: String, _ image: Image, step: Int) throws {
        let png = try PNG.encode(image)
        let value = Tensorflow_Summary.Value.with {
            $0.tag = tag
            $0.image.height = Int32(image.height)
            $0.image.width = Int32(image.width)
            // The number of channels, from 1 for gray to 4 for colour with alpha.
            $0.image.colorspace = Int32(image.channels)
            $0.image.encodedImageString = Data(png)
        }
        try add(value, step: step)
    }

    /// Adds a picture of a tensor, [C, H, W] or [H, W] with C of 1 to 4 (`add_image`).
    ///
    /// A number x from 0 to 1 becomes ⌊255 x + ½⌋, cut to 0 … 255 (PyTorch cuts off instead of rounding); bytes stay as
    /// they are.
    ///
    /// - Throws: ``SummaryWriterError``; `TensorError` where the shape is no picture; what evaluating the tensor throws.
    public func addImage(_ tag: String, _ tensor: Tensor, step: Int) throws {
        try addImage(tag, Image(tensor.detach()), step: step)
    }

    /// Adds pictures as one, eight in a row without a border (`add_images`).
    ///
    /// - Parameters:
    ///   - tag: the name.
    ///   - tensor: [N, C, H, W] with C of 1 or 3: Float32 from 0 to 1, or bytes.
    ///   - step: the step.
    /// - Throws: as ``addImage(_:_:step:)-(_,Tensor,_)``.
    public func addImages(_ tag: String, _ tensor: Tensor, step: Int) throws {
        // As many in a row as PyTorch puts there.
        try addImage(tag, makeGrid(tensor.detach(), nrow: 8, padding: 0), step: step)
    }
}
