import ApusGraph
import ApusPlan
import CKernels

extension TransformBytes: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (stored, count) = (step.inputs[0].spec.shape, step.inputs[2].spec.shape[0])
        guard count > 0 else { return nil }
        let primitive = self
        return PreparedStep(kernel: "transform bytes") { operands, _ in
            let items = operands[2].assumingMemoryBound(to: Int64.self)
            let (labels, chosen) = (
                operands[1].assumingMemoryBound(to: Int64.self), operands[4].assumingMemoryBound(to: Int64.self)
            )
            let valid = 0..<Int64(stored[0])
            for item in 0..<count {
                let position = items[item * Item.wordCount]
                guard valid.contains(position) else {
                    throw primitive.refusal(position, at: item, count: stored[0])
                }
                chosen[item] = labels[Int(position)]
            }
            let size = primitive.channels * primitive.height * primitive.width
            Parallel.ranges(count, grain: max(1, Parallel.smallWork / size)) { range, _ in
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: stored[1] * primitive.width) { row in
                    guard let row = row.baseAddress else { return }
                    for item in range {
                        let words = items + item * Item.wordCount
                        let image = Int(words[0]) * stored[1] * stored[2] * stored[3]
                        let bytes = operands[0].assumingMemoryBound(to: UInt8.self) + image
                        primitive.write(words, bytes, stored, row, operands[3].floats + item * size)
                    }
                }
            }
        }
    }

    /// Writes one image, with room for a row of bytes in each channel.
    ///
    /// The numbers are made by the kernels that the data loader uses for single images, so that they are the same on
    /// every processor.
    private func write(
        _ words: UnsafePointer<Int64>, _ image: UnsafePointer<UInt8>, _ stored: Shape,
        _ bytes: UnsafeMutablePointer<UInt8>, _ target: UnsafeMutablePointer<Float>
    ) {
        let isGray = words[3] & Item.gray != 0 && stored[1] == 3
        for row in 0..<height {
            for channel in 0..<stored[1] {
                writeRow(
                    row, words, image + channel * stored[2] * stored[3], (stored[2], stored[3]), fill: fill[channel],
                    bytes + channel * width)
            }
            // All channels read the first one where it is gray or the only one.
            if isGray { apus_image_gray_bytes(bytes, Int64(width), bytes) }
            for channel in 0..<channels {
                let source = bytes + (isGray || stored[1] == 1 ? 0 : channel * width)
                let place = target + (channel * height + row) * width
                if mean.isEmpty {
                    apus_unit_floats_from_bytes(source, place, 0, Int64(width))
                } else {
                    apus_normalized_floats_from_bytes(
                        source, mean[channel], std[channel], place, 0, Int64(width))
                }
            }
        }
    }

    /// Writes one row of one channel of a result as bytes.
    private func writeRow(
        _ row: Int, _ words: UnsafePointer<Int64>, _ plane: UnsafePointer<UInt8>, _ size: (height: Int, width: Int),
        fill: UInt8, _ target: UnsafeMutablePointer<UInt8>
    ) {
        let y = words[1] &+ (words[3] & Item.upsideDown != 0 ? -Int64(row) : Int64(row))
        guard Int64(row) >= words[4], Int64(row) < words[5], y >= 0, y < Int64(size.height) else {
            target.update(repeating: fill, count: width)
            return
        }
        let source = plane + Int(y) * size.width
        let step: Int64 = words[3] & Item.mirrored != 0 ? -1 : 1
        let (columns, limit) = (words[6]..<max(words[6], words[7]), Int64(size.width))
        for column in 0..<width {
            let x = words[2] &+ step * Int64(column)
            let isShown = columns.contains(Int64(column)) && x >= 0 && x < limit
            target[column] = isShown ? source[Int(x)] : fill
        }
    }
}
