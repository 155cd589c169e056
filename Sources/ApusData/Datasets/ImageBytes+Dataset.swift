import ApusGraph

extension ImageBytes: Dataset {
    public var sampleShape: Shape { [channels, height, width] }

    /// Copies the images and labels at `indices`; a position outside of `0 ..< count` is a programmer's error.
    public func gather(
        _ indices: ArraySlice<Int>, images target: UnsafeMutableBufferPointer<UInt8>,
        labels targetLabels: UnsafeMutableBufferPointer<Int64>
    ) {
        let size = channels * height * width
        precondition(
            target.count == indices.count * size && targetLabels.count == indices.count,
            "ImageBytes.gather: room for \(target.count) bytes and \(targetLabels.count) labels; \(indices.count) "
                + "images of \(size) bytes were asked for")
        guard let base = target.baseAddress else { return }
        images.withUnsafeBufferPointer { source in
            guard let first = source.baseAddress else { return }
            var row = 0
            for index in indices {
                precondition(index >= 0 && index < count, "ImageBytes.gather: no image \(index) among \(count)")
                (base + row * size).update(from: first + index * size, count: size)
                targetLabels[row] = labels[index]
                row += 1
            }
        }
    }
}
