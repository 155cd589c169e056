import ApusGraph

extension TransformBytes: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (bytes, labels, items) = (inputs[0].integers(), inputs[1].integers(), inputs[2].integers())
        let sizes = inputs[0].sizes
        var images = [Double](repeating: 0, count: outputs[0].count)
        var chosen = [Int64](repeating: 0, count: outputs[1].count)
        for item in chosen.indices {
            let words = Array(items[item * Item.wordCount..<(item + 1) * Item.wordCount])
            guard words[0] >= 0, words[0] < Int64(sizes[0]) else {
                throw refusal(words[0], at: item, count: sizes[0])
            }
            chosen[item] = labels[Int(words[0])]
            for row in 0..<height {
                for column in 0..<width {
                    let pixel = numbers(of: pixel(row, column, words, bytes, sizes), isGray: words[3] & Item.gray != 0)
                    for channel in 0..<channels {
                        images[((item * channels + channel) * height + row) * width + column] = Double(pixel[channel])
                    }
                }
            }
        }
        outputs[0].store(images)
        outputs[1].store(chosen)
    }

    /// The bytes of all channels that stand at a place of a result.
    private func pixel(_ row: Int, _ column: Int, _ words: [Int64], _ bytes: [Int64], _ sizes: [Int]) -> [UInt8] {
        let y = words[1] &+ (words[3] & Item.upsideDown != 0 ? -Int64(row) : Int64(row))
        let x = words[2] &+ (words[3] & Item.mirrored != 0 ? -Int64(column) : Int64(column))
        let (r, c) = (Int64(row), Int64(column))
        guard r >= words[4], r < words[5], c >= words[6], c < words[7], y >= 0, y < Int64(sizes[2]), x >= 0,
            x < Int64(sizes[3])
        else { return fill }
        return (0..<sizes[1]).map { channel in
            UInt8(bytes[((Int(words[0]) * sizes[1] + channel) * sizes[2] + Int(y)) * sizes[3] + Int(x)])
        }
    }

    /// The numbers of a result's channels.
    private func numbers(of pixel: [UInt8], isGray: Bool) -> [Float] {
        var pixel = pixel
        if isGray, pixel.count == 3 {
            let (red, green, blue) = (Float(pixel[0]), Float(pixel[1]), Float(pixel[2]))
            let gray = (red * 0.2989).addingProduct(green, 0.587).addingProduct(blue, 0.114)
            pixel = [UInt8](repeating: UInt8(gray), count: 3)
        }
        return (0..<channels).map { channel in
            let unit = Float(pixel[pixel.count == 1 ? 0 : channel]) / 255
            return mean.isEmpty ? unit : (unit - mean[channel]) / std[channel]
        }
    }
}
