import ApusGraph
import CKernels

extension ImageSample {
    private var elementSize: Int32 { Int32(element.size) }
    private var size: ApusImageSize {
        ApusImageSize(channels: Int64(channels), height: Int64(height), width: Int64(width))
    }

    /// Mirrors left and right (`torchvision.transforms.functional.hflip`).
    public func flipHorizontally() {
        let (rows, columns, bytes) = (Int64(channels * height), Int64(width), elementSize)
        replace { apus_image_reverse_rows(bytes, $0, rows, columns, $1) }
    }

    /// Mirrors top and bottom (`torchvision.transforms.functional.vflip`).
    public func flipVertically() {
        let rowBytes = width * element.size
        replace { old, new in
            for channel in 0..<channels {
                for row in 0..<height {
                    let from = (channel * height + height - 1 - row) * rowBytes
                    (new + (channel * height + row) * rowBytes).copyMemory(from: old + from, byteCount: rowBytes)
                }
            }
        }
    }

    /// Turns by quarters, counter-clockwise (`torch.rot90`); 0 to 3 quarters.
    func turn(quarters: Int) {
        switch quarters {
        case 1:
            flipHorizontally()
            transpose()
        case 2:
            flipHorizontally()
            flipVertically()
        case 3:
            transpose()
            flipHorizontally()
        default: break
        }
    }

    /// Exchanges rows and columns in each plane.
    private func transpose() {
        let plane = planeCount * element.size
        replace(height: width, width: height) { old, new in
            for channel in 0..<channels {
                Self.transpose(
                    old + channel * plane, rows: height, columns: width, new + channel * plane, element)
            }
        }
    }

    /// [rows, columns] → [columns, rows].
    static func transpose(
        _ old: UnsafeRawPointer, rows: Int, columns: Int, _ new: UnsafeMutableRawPointer,
        _ element: ImageFormat.Element
    ) {
        apus_strided_gather(
            Int32(element.size), 2, [Int64(columns), Int64(rows)], [1, Int64(columns)], old, new, 0,
            Int64(rows * columns))
    }

    /// The part that begins at (top, left); what lies beyond the borders is 0
    /// (`torchvision.transforms.functional.crop`).
    public func crop(top: Int, left: Int, height: Int, width: Int) {
        window(top: top, left: left, height: height, width: width, border: .constant, fill: [0])
    }

    /// Adds pixels at the sides, or takes them away where a number is negative
    /// (`torchvision.transforms.functional.pad`).
    ///
    /// - Parameters:
    ///   - padding: the pixels at each side.
    ///   - border: what the added pixels are.
    ///   - fill: one value, or one for each channel, for the border `constant`.
    /// - Throws: `TensorError` where nothing remains, where `reflect` would mirror more pixels than there are, and
    ///   where `fill` has another count.
    public func pad(_ padding: ImagePadding, border: ImageBorder = .constant, fill: [Double] = [0]) throws {
        let (newHeight, newWidth) = try padding.paddedSize(height: height, width: width)
        let most = border == .reflect ? 1 : 0
        if border == .reflect || border == .symmetric {
            guard max(padding.left, padding.right) <= width - most, max(padding.top, padding.bottom) <= height - most
            else {
                throw TensorError(
                    "Pad",
                    "the border \(border) has at most \(height - most) rows and \(width - most) columns for an image of "
                        + "\(height)×\(width) pixels; \(padding) was asked for.")
            }
        }
        try checkFill(fill, "Pad")
        window(
            top: -padding.top, left: -padding.left, height: newHeight, width: newWidth, border: border, fill: fill)
    }

    /// The middle; smaller images are first padded with 0 (`torchvision.transforms.functional.center_crop`).
    public func centerCrop(height newHeight: Int, width newWidth: Int) {
        // Zeros beyond the border are what a crop across it gives.
        crop(
            top: Self.middle(newHeight, of: height), left: Self.middle(newWidth, of: width), height: newHeight,
            width: newWidth)
    }

    /// Where the middle `count` of `size` pixels begin; before the first where there are fewer.
    static func middle(_ count: Int, of size: Int) -> Int {
        if count > size { return -((count - size) / 2) }
        // Half a pixel is rounded to even, as Python rounds.
        return Int((Double(size - count) / 2).rounded(.toNearestOrEven))
    }

    private func window(
        top: Int, left: Int, height newHeight: Int, width newWidth: Int, border: ImageBorder, fill: [Double]
    ) {
        if top == 0, left == 0, newHeight == height, newWidth == width { return }
        let (from, bytes) = (size, elementSize)
        let to = ApusImageSize(channels: from.channels, height: Int64(newHeight), width: Int64(newWidth))
        let values = fillValues(fill)
        replace(height: newHeight, width: newWidth) { old, new in
            apus_image_window(bytes, from, old, to, Int64(top), Int64(left), border.kernel, values, new)
        }
    }

    /// Samples at other positions; `matrix` is torchvision's inverse affine matrix in pixels, from the centre.
    func warp(
        _ matrix: [Double], height newHeight: Int, width newWidth: Int, interpolation: ImageInterpolation,
        fill: [Double]?
    ) throws {
        guard interpolation == .nearest || interpolation == .bilinear else {
            throw TensorError("warp", "the interpolation \(interpolation) is not available here: nearest or bilinear.")
        }
        if let fill { try checkFill(fill, "warp") }
        let (from, bytes) = (size, elementSize)
        let to = ApusImageSize(channels: from.channels, height: Int64(newHeight), width: Int64(newWidth))
        // Positions are computed in single precision, as PyTorch does, from borders at -1 and 1.
        let theta = matrix.map { Float($0) }
        let (halfWidth, halfHeight) = (Float(0.5 * Double(width)), Float(0.5 * Double(height)))
        var warp = ApusImageWarp()
        warp.matrix = (
            theta[0] / halfWidth, theta[1] / halfWidth, theta[2] / halfWidth, theta[3] / halfHeight,
            theta[4] / halfHeight, theta[5] / halfHeight
        )
        warp.bilinear = interpolation == .bilinear ? 1 : 0
        warp.hasFill = fill == nil ? 0 : 1
        let values = fillValues(fill ?? [0])
        replace(height: newHeight, width: newWidth) { old, new in
            apus_image_warp(bytes, from, old, to, &warp, values, new)
        }
    }

    /// A value for each channel.
    func fillValues(_ fill: [Double]) -> [Float] {
        (0..<channels).map { Float(fill.count == 1 ? fill[0] : fill[$0]) }
    }

    func checkFill(_ fill: [Double], _ operation: String) throws {
        guard fill.count == 1 || fill.count == channels else {
            throw TensorError(
                operation, "\(fill.count) fill values for an image of \(channels) channels. Expected 1 or \(channels).")
        }
        guard element == .float || fill.allSatisfy({ (0...255).contains($0) }) else {
            throw TensorError(operation, "the fill \(fill) of an image of bytes is not in 0...255.")
        }
    }
}

extension ImageBorder {
    fileprivate var kernel: ApusImageBorder {
        switch self {
        case .constant: ApusImageBorderConstant
        case .edge: ApusImageBorderEdge
        case .reflect: ApusImageBorderReflect
        case .symmetric: ApusImageBorderSymmetric
        }
    }
}
