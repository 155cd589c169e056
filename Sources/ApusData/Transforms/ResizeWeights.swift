import CKernels

/// The weighted sums that make a row of one length out of a row of another.
///
/// With antialiasing they are Pillow's (`PIL.Image.resize`), which PyTorch's `interpolate(antialias=True)` follows; the
/// curve is stretched over as many pixels as one result stands for. Without, they are those of
/// `interpolate(align_corners=False)`.
struct ResizeWeights {
    /// The first pixel of each sum.
    private(set) var first: [Int32] = []
    /// The number of pixels of each sum.
    private(set) var count: [Int32] = []
    /// Weights of sum o at o · stride, in double precision.
    private var weights: [Double] = []
    /// The most pixels of a sum.
    let stride: Int
    private let isAntialiased: Bool

    init(input: Int, output: Int, interpolation: ImageInterpolation, antialias: Bool) {
        let scale = Double(input) / Double(output)
        let sums: [(first: Int, weights: [Double])] = (0..<output).map { position in
            switch interpolation {
            case .nearest:
                // In single precision, as PyTorch rounds.
                return (min(Int(Float(position) * (Float(input) / Float(output))), input - 1), [1])
            case .nearestExact:
                return (min(Int((Float(position) + 0.5) * (Float(input) / Float(output))), input - 1), [1])
            case .bilinear where antialias:
                return Self.stretched(position, scale, input, support: 1) { max(1 - abs($0), 0) }
            case .bicubic where antialias:
                // Pillow's parameter is -1/2; PyTorch's without antialiasing is -3/4.
                return Self.stretched(position, scale, input, support: 2) { Self.cubic($0, -0.5) }
            case .bilinear:
                let coordinate = max(scale * (Double(position) + 0.5) - 0.5, 0)
                let left = min(Int(coordinate), input - 1)
                let share = coordinate - Double(left)
                return left + 1 < input ? (left, [1 - share, share]) : (left, [1])
            case .bicubic:
                let coordinate = scale * (Double(position) + 0.5) - 0.5
                let left = coordinate.rounded(.down)
                let places = (-1...2).map { min(max(Int(left) + $0, 0), input - 1) }
                var weights = [Double](repeating: 0, count: places[3] - places[0] + 1)
                for (offset, place) in zip(-1...2, places) {
                    weights[place - places[0]] += Self.cubic(coordinate - left - Double(offset), -0.75)
                }
                return (places[0], weights)
            }
        }
        isAntialiased = antialias
        stride = sums.map(\.weights.count).max() ?? 0
        for sum in sums {
            first.append(Int32(sum.first))
            count.append(Int32(sum.weights.count))
            weights += sum.weights + [Double](repeating: 0, count: stride - sum.weights.count)
        }
    }

    /// The sum of a curve that is stretched to the distance of the results.
    private static func stretched(
        _ position: Int, _ scale: Double, _ input: Int, support: Double, _ curve: (Double) -> Double
    ) -> (first: Int, weights: [Double]) {
        let stretch = max(scale, 1)
        let center = (Double(position) + 0.5) * scale
        let first = max(Int(center - support * stretch + 0.5), 0)
        let end = min(Int(center + support * stretch + 0.5), input)
        var weights = (first..<max(end, first + 1)).map { curve((Double($0) - center + 0.5) / stretch) }
        let sum = weights.reduce(0, +)
        if sum != 0 { weights = weights.map { $0 / sum } }
        return (first, weights)
    }

    /// The cubic convolution of Keys (1981) with its parameter.
    private static func cubic(_ distance: Double, _ a: Double) -> Double {
        let x = abs(distance)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
        return 0
    }

    /// The bits behind the point of the weights for bytes, so that libraries' results are repeated bit by bit: Pillow's 22,
    /// or, without antialiasing, as many as PyTorch leaves the largest weight in 16 bits.
    private var bits: Int {
        guard !isAntialiased, let largest = weights.max() else { return 22 }
        return (0..<22).first { Int(0.5 + largest * Double(1 << ($0 + 1))) >= 1 << 15 } ?? 22
    }

    /// Sums rows of `inner` samples of each of `planes` planes.
    func combine(
        _ old: UnsafeRawPointer, _ new: UnsafeMutableRawPointer, element: ImageFormat.Element, inner: Int, input: Int,
        planes: Int
    ) {
        let (outputs, step) = (Int64(first.count), Int64(stride))
        let (oldPlane, newPlane) = (input * inner, first.count * inner)
        switch element {
        case .byte:
            let one = Double(1 << bits)
            let integers = weights.map { Int32($0 < 0 ? $0 * one - 0.5 : $0 * one + 0.5) }
            for plane in 0..<planes {
                apus_image_combine_rows_bytes(
                    old.assumingMemoryBound(to: UInt8.self) + plane * oldPlane, Int64(inner), outputs, first, count,
                    integers, Int32(bits), step, new.assumingMemoryBound(to: UInt8.self) + plane * newPlane)
            }
        case .float:
            let floats = weights.map { Float($0) }
            for plane in 0..<planes {
                apus_image_combine_rows_floats(
                    old.assumingMemoryBound(to: Float.self) + plane * oldPlane, Int64(inner), outputs, first, count,
                    floats, step, new.assumingMemoryBound(to: Float.self) + plane * newPlane)
            }
        }
    }
}

extension ImageSample {
    /// Makes an image of another size (`torchvision.transforms.functional.resize`); the same size changes nothing.
    public func resize(
        height newHeight: Int, width newWidth: Int, interpolation: ImageInterpolation = .bilinear,
        antialias: Bool = true
    ) {
        precondition(newHeight > 0 && newWidth > 0, "resize: \(newHeight)×\(newWidth)")
        // Bytes are rounded between the passes, so that their order shows. Columns come first, as in Pillow, which since
        // version 13 begins with the rows where images become wider and lower. Where they become narrower and lower, it
        // sometimes does so too; results then differ by one at most.
        let rowsFirst = antialias && newWidth > width && newHeight < height
        if rowsFirst { resizeRows(newHeight, interpolation, antialias) }
        if newWidth != width {
            let weights = ResizeWeights(
                input: width, output: newWidth, interpolation: interpolation, antialias: antialias)
            // Pixels of a row are summed as rows of the transposed planes, where neighbours lie side by side.
            let (rows, columns, element) = (channels * height, width, element)
            replace { Self.transpose($0, rows: rows, columns: columns, $1, element) }
            replace(width: newWidth) {
                weights.combine($0, $1, element: element, inner: rows, input: columns, planes: 1)
            }
            replace { Self.transpose($0, rows: newWidth, columns: rows, $1, element) }
        }
        if !rowsFirst { resizeRows(newHeight, interpolation, antialias) }
    }

    private func resizeRows(_ newHeight: Int, _ interpolation: ImageInterpolation, _ antialias: Bool) {
        guard newHeight != height else { return }
        let weights = ResizeWeights(
            input: height, output: newHeight, interpolation: interpolation, antialias: antialias)
        let (planes, inner, input, element) = (channels, width, height, element)
        replace(height: newHeight) {
            weights.combine($0, $1, element: element, inner: inner, input: input, planes: planes)
        }
    }
}
