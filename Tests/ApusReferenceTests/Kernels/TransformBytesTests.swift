import ApusGraph
import Testing

@Suite struct TransformBytesTests {
    /// Two images of 2×3 pixels.
    private let gray = Numbers([0, 51, 102, 153, 204, 255, 5, 10, 15, 20, 25, 30], [2, 1, 2, 3], .uint8)

    private func items(_ items: TransformBytes.Item...) -> Numbers {
        let words = items.flatMap { item in
            [Int64](unsafeUninitializedCapacity: TransformBytes.Item.wordCount) { buffer, count in
                if let start = buffer.baseAddress { item.write(to: start) }
                count = TransformBytes.Item.wordCount
            }
        }
        return Numbers(words.map { Double($0) }, [items.count, TransformBytes.Item.wordCount], .int64)
    }

    @Test func wholeImagesAndTheirLabels() throws {
        let primitive = TransformBytes(channels: 1, height: 2, width: 3, fill: [0])
        let whole = { TransformBytes.Item(position: $0, rows: 0..<2, columns: 0..<3) }
        let results = try compute(primitive, gray, Numbers([7, 9], nil, .int64), items(whole(1), whole(0), whole(1)))
        let first = [5, 10, 15, 20, 25, 30].map { Double(Float($0) / 255) }
        let second = [0, 0.2, 0.4, 0.6, 0.8, 1].map { Double(Float($0)) }
        #expect(results[0] == Numbers(first + second + first, [3, 1, 2, 3]))
        #expect(results[1] == Numbers([9, 7, 9], nil, .int64))
    }

    /// Rows backwards from the last, columns backwards from the one behind the last; row 0 is hidden although the image
    /// has it.
    @Test func partsThatReachOutside() throws {
        let primitive = TransformBytes(channels: 1, height: 3, width: 3, fill: [255], mean: [0.5], std: [2])
        let item = TransformBytes.Item(
            position: 0, top: 2, left: 3, isUpsideDown: true, isMirrored: true, rows: 0..<2, columns: 0..<3)
        let result = try compute(primitive, gray, Numbers([7, 9], nil, .int64), items(item))[0]
        let bytes: [Float] = [255, 255, 255, 255, 255, 204, 255, 255, 255]
        #expect(result.values == bytes.map { Double(($0 / 255 - 0.5) / 2) })
    }

    /// 0.2989 · 100 + 0.587 · 200 + 0.114 · 50 = 152.99: the fraction is cut off.
    @Test func grayPixels() throws {
        let color = Numbers([100, 200, 50], [1, 3, 1, 1], .uint8)
        for (channels, isGray, expected) in [
            (3, true, [152, 152, 152]), (3, false, [100, 200, 50]), (1, true, [152]), (1, false, [100]),
        ] as [(Int, Bool, [Float])] {
            let item = TransformBytes.Item(position: 0, isGray: isGray, rows: 0..<1, columns: 0..<1)
            let primitive = TransformBytes(channels: channels, height: 1, width: 1, fill: [0, 0, 0])
            let result = try compute(primitive, color, Numbers([0], nil, .int64), items(item))[0]
            #expect(result.values == expected.map { Double($0 / 255) })
        }
        let three = TransformBytes(channels: 3, height: 1, width: 1, fill: [0], mean: [0, 0.5, 1], std: [1, 1, 2])
        let item = TransformBytes.Item(position: 0, isGray: true, rows: 0..<1, columns: 0..<1)
        let one = Numbers([51], [1, 1, 1, 1], .uint8)
        let repeated = try compute(three, one, Numbers([0], nil, .int64), items(item))[0]
        #expect(repeated.values == [0.2, Float(0.2) - 0.5, (Float(0.2) - 1) / 2].map { Double($0) })
    }

    @Test(arguments: [-1, 2, -0x1p62, 0x1p62])
    func refusesPositionsThatDoNotExist(position: Double) throws {
        let primitive = TransformBytes(channels: 1, height: 1, width: 1, fill: [0])
        let good = TransformBytes.Item(position: 1, rows: 0..<1, columns: 0..<1)
        var bad = items(good, good)
        bad.values[8] = position
        let expected = primitive.refusal(Int64(position), at: 1, count: 2)
        #expect {
            try compute(primitive, gray, Numbers([7, 9], nil, .int64), bad)
        } throws: {
            "\($0)" == "\(expected)"
        }
    }

    @Test func shapeRule() throws {
        func specs(_ bytes: Shape, _ labels: Shape = [4], _ items: Shape = [2, 8]) -> [TensorSpec] {
            [TensorSpec(bytes, .uint8), TensorSpec(labels, .int64), TensorSpec(items, .int64)]
        }
        let primitive = TransformBytes(channels: 3, height: 5, width: 6, fill: [0, 0, 0])
        let results = try primitive.infer(specs([4, 3, 9, 9]))
        #expect(results == [TensorSpec([2, 3, 5, 6], .float32), TensorSpec([2], .int64)])
        let wrong: [(TransformBytes, [TensorSpec])] = [
            (primitive, specs([4, 3, 9])), (primitive, specs([4, 3, 9, 9], [5])),
            (primitive, specs([4, 3, 9, 9], [4], [2, 7])), (primitive, specs([4, 3, 9, 9], [4], [16])),
            (primitive, specs([4, 2, 9, 9])), (primitive, specs([4, 1, 9, 9])),
            (primitive, [TensorSpec([4, 3, 9, 9], .float32)] + specs([4, 3, 9, 9]).dropFirst()),
            (TransformBytes(channels: 3, height: 0, width: 6, fill: [0, 0, 0]), specs([4, 3, 9, 9])),
            (TransformBytes(channels: 3, height: 5, width: 6, fill: [0]), specs([4, 3, 9, 9])),
            (
                TransformBytes(channels: 3, height: 5, width: 6, fill: [0, 0, 0], mean: [0], std: [1]),
                specs([4, 3, 9, 9])
            ),
            (TransformBytes(channels: 1, height: 5, width: 6, fill: [0], mean: [0], std: []), specs([4, 1, 9, 9])),
            (TransformBytes(channels: 2, height: 5, width: 6, fill: [0, 0, 0]), specs([4, 3, 9, 9])),
            (TransformBytes(channels: 1, height: 1 << 16, width: 1 << 15, fill: [0]), specs([4, 1, 9, 9])),
            (
                TransformBytes(channels: 17, height: 5, width: 6, fill: [UInt8](repeating: 0, count: 17)),
                specs([4, 17, 9, 9])
            ),
        ]
        for (primitive, inputs) in wrong {
            #expect(throws: TensorError.self, "\(primitive) of \(inputs)") { try primitive.infer(inputs) }
        }
    }
}
