import ApusEngine
import ApusGraph

/// Pictures beside each other on one, `nrow` in a row (`torchvision.utils.make_grid`).
///
/// - Parameters:
///   - tensor: Float32 or UInt8, [N, C, H, W], [C, H, W] or [H, W]; one channel becomes three equal ones.
///   - nrow: pictures in a row, at least 1; fewer where there are fewer.
///   - padding: pixels around each picture, at least 0.
///   - padValue: what stands there.
/// - Returns: [C, rows · (H + padding) + padding, columns · (W + padding) + padding]; a single picture comes back
///   without padding, [C, H, W].
/// - Throws: `TensorError` for another shape or type, and what evaluating the tensor throws.
public func makeGrid(_ tensor: Tensor, nrow: Int = 8, padding: Int = 2, padValue: Double = 0) throws -> Tensor {
    precondition(nrow >= 1 && padding >= 0, "makeGrid: nrow \(nrow), padding \(padding)")
    switch tensor.dtype {
    case .float32:
        return try grid(tensor.elements(as: Float.self), tensor, nrow, padding, Float(padValue)) {
            Tensor($0, shape: $1)
        }
    case .uint8:
        guard (0...255).contains(padValue) else {
            throw TensorError("makeGrid", "the padding value \(padValue) is not in 0...255.")
        }
        return try grid(tensor.elements(as: UInt8.self), tensor, nrow, padding, UInt8(padValue)) {
            Tensor($0, shape: $1)
        }
    default:
        throw TensorError("makeGrid", "a tensor of \(tensor.dtype) is no picture. Expected float32 or uint8.")
    }
}

/// Writes pictures to a PNG or JPEG file, by the ending of its name, as one grid (`torchvision.utils.save_image`).
///
/// A number x from 0 to 1 becomes ⌊255 x + ½⌋, cut to 0 … 255; bytes stay as they are. JPEG has the quality 75.
///
/// - Parameters: as ``makeGrid(_:nrow:padding:padValue:)``; `path` ends in `.png`, `.jpg` or `.jpeg`.
/// - Throws: `TensorError` as `makeGrid`; ``DataError`` (`unsupported`) for another ending;
///   `AtomicFile.WriteError` where the file cannot be written.
public func saveImage(
    _ tensor: Tensor, to path: String, nrow: Int = 8, padding: Int = 2, padValue: Double = 0
) throws {
    let image = try Image(makeGrid(tensor, nrow: nrow, padding: padding, padValue: padValue))
    let ending = path.lastIndex(of: ".").map { path[path.index(after: $0)...].lowercased() } ?? ""
    switch ending {
    case "png": try PNG.write(image, to: path)
    case "jpg", "jpeg": try JPEG.write(image, to: path)
    default:
        throw DataError(
            path: path, reason: .unsupported, problem: "the ending \"\(ending)\" names no kind of picture",
            hint: "Let the name end in .png, .jpg or .jpeg.")
    }
}

private func grid<Element>(
    _ elements: [Element], _ tensor: Tensor, _ nrow: Int, _ padding: Int, _ padValue: Element,
    _ makeTensor: ([Element], Shape) -> Tensor
) throws -> Tensor {
    var sizes = tensor.shape.dimensions
    if sizes.count == 2 { sizes.insert(1, at: 0) }
    if sizes.count == 3 { sizes.insert(1, at: 0) }
    guard sizes.count == 4, tensor.shape.elementCount > 0 else {
        throw TensorError(
            "makeGrid",
            "a tensor \(tensor.shape.brackets) holds no pictures. Expected [N, C, H, W], [C, H, W] or [H, W].")
    }
    let (count, stored, height, width) = (sizes[0], sizes[1], sizes[2], sizes[3])
    let channels = stored == 1 ? 3 : stored
    // A single picture has no border.
    let border = count == 1 ? 0 : padding
    let columns = min(nrow, count)
    let rows = (count + columns - 1) / columns
    let gridHeight = rows * (height + border) + border
    let gridWidth = columns * (width + border) + border
    var result = [Element](repeating: padValue, count: channels * gridHeight * gridWidth)
    for image in 0..<count {
        let top = image / columns * (height + border) + border
        let left = image % columns * (width + border) + border
        for channel in 0..<channels {
            let plane = (image * stored + (stored == 1 ? 0 : channel)) * height * width
            for row in 0..<height {
                let source = plane + row * width
                let target = (channel * gridHeight + top + row) * gridWidth + left
                result[target..<(target + width)] = elements[source..<(source + width)]
            }
        }
    }
    return makeTensor(result, Shape([channels, gridHeight, gridWidth]))
}
