import ApusGraph

/// A tensor's elements in nested brackets, as PyTorch prints them.
struct ElementText {
    private let bytes: UnsafeRawBufferPointer
    private let shape: Shape
    private let dtype: DType
    private let strides: [Int]
    private let isSummarized: Bool
    private let format: NumberFormat

    /// More elements than this are not all shown (`threshold` of `torch.set_printoptions`).
    private static let threshold = 1_000
    /// How many are shown then at either end of a dimension (`edgeitems`).
    private static let edgeItems = 3

    /// - Parameter bytes: the elements, row-major; must outlive this value.
    init(of bytes: UnsafeRawBufferPointer, _ spec: TensorSpec) {
        self.bytes = bytes
        shape = spec.shape
        dtype = spec.dtype
        strides = spec.shape.rowMajorStrides
        let isSummarized = spec.shape.elementCount > Self.threshold
        self.isSummarized = isSummarized
        // The width and the notation follow from the elements that are shown, not from all.
        var offsets = spec.shape.elementCount == 0 ? [] : [0]
        for dimension in spec.shape.dimensions.indices where !offsets.isEmpty {
            let step = strides[dimension]
            let shown = Self.shownIndices(spec.shape.dimensions[dimension], isSummarized: isSummarized)
            offsets = offsets.flatMap { offset in shown.map { offset + $0 * step } }
        }
        let dtype = spec.dtype
        format =
            dtype.isFloatingPoint
            ? NumberFormat(reals: offsets.map { Self.real(bytes, at: $0, dtype) })
            : NumberFormat(texts: offsets.map { Self.wholeText(bytes, at: $0, dtype) })
    }

    /// The text, whose further lines start at column `indent` + 1 or beyond.
    func text(indent: Int) -> String {
        if shape.elementCount == 0 { return "[]" }
        return shape.rank == 0 ? element(at: 0) : block(dimension: 0, offset: 0, indent: indent)
    }

    private static func shownIndices(_ size: Int, isSummarized: Bool) -> [Int] {
        guard isSummarized, size > 2 * edgeItems else { return Array(0..<size) }
        return Array(0..<edgeItems) + Array(size - edgeItems..<size)
    }

    private func block(dimension: Int, offset: Int, indent: Int) -> String {
        let size = shape.dimensions[dimension]
        let isLast = dimension == shape.rank - 1
        var parts = Self.shownIndices(size, isSummarized: isSummarized).map { index in
            let position = offset + index * strides[dimension]
            return isLast
                ? element(at: position) : block(dimension: dimension + 1, offset: position, indent: indent + 1)
        }
        // The dots count as an element of the line, with a space of their own.
        if parts.count < size { parts.insert(isLast ? " ..." : "...", at: Self.edgeItems) }
        let margin = String(repeating: " ", count: indent + 1)
        guard isLast else {
            let newlines = String(repeating: "\n", count: shape.rank - 1 - dimension)
            return "[" + parts.joined(separator: "," + newlines + margin) + "]"
        }
        // Each element takes its width, a comma and a space.
        let perLine = max(1, (Tensor.lineWidth - indent) / (format.width + 2))
        let lines = stride(from: 0, to: parts.count, by: perLine).map { start in
            parts[start..<min(start + perLine, parts.count)].joined(separator: ", ")
        }
        return "[" + lines.joined(separator: ",\n" + margin) + "]"
    }

    private func element(at offset: Int) -> String {
        dtype.isFloatingPoint
            ? format.text(of: Self.real(bytes, at: offset, dtype))
            : format.padded(Self.wholeText(bytes, at: offset, dtype))
    }

    private static func real(_ bytes: UnsafeRawBufferPointer, at index: Int, _ dtype: DType) -> Double {
        dtype == .float32
            ? Double(bytes.load(fromByteOffset: index * 4, as: Float.self))
            : bytes.load(fromByteOffset: index * 8, as: Double.self)
    }

    private static func wholeText(_ bytes: UnsafeRawBufferPointer, at index: Int, _ dtype: DType) -> String {
        switch dtype {
        case .bool: bytes[index] != 0 ? "True" : "False"
        case .uint8: String(bytes[index])
        default: String(bytes.load(fromByteOffset: index * 8, as: Int64.self))
        }
    }
}
