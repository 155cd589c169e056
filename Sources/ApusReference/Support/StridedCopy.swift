import ApusGraph

/// Where the elements of a box lie: an offset and, along each dimension, the distance to the next one, in elements.
struct StridedBox {
    var offset: Int
    var strides: [Int]

    /// All elements of a row-major array.
    init(_ shape: Shape) {
        offset = 0
        strides = shape.rowMajorStrides
    }

    init(offset: Int, strides: [Int]) {
        self.offset = offset
        self.strides = strides
    }
}

/// Copies a box of elements of one type to another place and another order.
func copyElements(
    sizes: [Int], from source: ArrayView, _ sourceBox: StridedBox, to target: MutableArrayView, _ targetBox: StridedBox
) {
    precondition(source.dtype == target.dtype, "\(source.dtype) elements are copied to \(target.dtype)")
    // The bits are moved as they are, so three types serve all.
    switch source.dtype.byteCount {
    case 1: copyElements(sizes, source.pointer, sourceBox, target.pointer, targetBox, as: UInt8.self)
    case 4: copyElements(sizes, source.pointer, sourceBox, target.pointer, targetBox, as: UInt32.self)
    default: copyElements(sizes, source.pointer, sourceBox, target.pointer, targetBox, as: UInt64.self)
    }
}

private func copyElements<Bits>(
    _ sizes: [Int], _ source: UnsafeRawPointer, _ sourceBox: StridedBox, _ target: UnsafeMutableRawPointer,
    _ targetBox: StridedBox, as type: Bits.Type
) {
    guard !sizes.contains(0) else { return }
    let from = source.assumingMemoryBound(to: Bits.self)
    let to = target.assumingMemoryBound(to: Bits.self)
    let length = sizes.last ?? 1
    let (fromStep, toStep) = (sourceBox.strides.last ?? 1, targetBox.strides.last ?? 1)
    forEachPosition(Array(sizes.dropLast()), sourceBox, targetBox) { fromOffset, toOffset in
        for index in 0..<length { to[toOffset + index * toStep] = from[fromOffset + index * fromStep] }
    }
}

/// Calls `body` with the offsets in both boxes of every position within `sizes`, the last dimension fastest.
///
/// Strides beyond `sizes` are not read. Without dimensions there is one position.
func forEachPosition(_ sizes: [Int], _ first: StridedBox, _ second: StridedBox, _ body: (Int, Int) -> Void) {
    guard !sizes.contains(0) else { return }
    var position = [Int](repeating: 0, count: sizes.count)
    var (a, b) = (first.offset, second.offset)
    while true {
        body(a, b)
        var dimension = sizes.count - 1
        while dimension >= 0 {
            position[dimension] += 1
            a += first.strides[dimension]
            b += second.strides[dimension]
            if position[dimension] < sizes[dimension] { break }
            a -= first.strides[dimension] * sizes[dimension]
            b -= second.strides[dimension] * sizes[dimension]
            position[dimension] = 0
            dimension -= 1
        }
        if dimension < 0 { return }
    }
}
