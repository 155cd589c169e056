import ApusGraph
import ApusTestSupport
import Testing

@testable import ApusCPU

@Suite("Padding of the CPU agrees with the reference")
struct PadTests {
    private func randomPad(_ mode: PadMode, _ shape: Shape, using generator: inout SeededGenerator) -> Pad {
        var (before, after) = ([Int](), [Int]())
        for size in shape {
            let isPadded = generator.chance(0.6)
            let largest = mode == .reflect ? size - 1 : mode == .circular ? size : size + 3
            // A negative number on one side only, so that something is left, and enough of it to wrap around.
            let crop = generator.int(0...((size - 1) / 2))
            let sides = [
                generator.chance(0.3) ? -crop : generator.int(0...largest),
                generator.int(0...max(0, min(largest, size - crop))),
            ]
            let isSwapped = generator.chance(0.5)
            before.append(isPadded ? sides[isSwapped ? 1 : 0] : 0)
            after.append(isPadded ? sides[isSwapped ? 0 : 1] : 0)
        }
        return Pad(before: before, after: after, mode: mode, value: mode == .constant ? -1.5 : 0)
    }

    @Test("elements and gradients", arguments: PadMode.allCases, 0..<25)
    func random(mode: PadMode, seed: Int) throws {
        var generator = SeededGenerator(seed: 6_000 + seed)
        let shape = generator.shape(rank: seed % 5 + 1)
        let pad = randomPad(mode, shape, using: &generator)
        // NaN and infinity are elements like any other.
        var x = TestArray.random(shape, using: &generator)
        x = x.sprinkled(.nan, 0.1, using: &generator).sprinkled(.infinity, 0.1, using: &generator)
        // Circular padding with a crop on one side and more than is left on the other is refused.
        guard let output = try? pad.infer([x.spec])[0] else {
            #expect(mode == .circular)
            return
        }
        guard output.shape.elementCount > 0 else { return }
        try expectSameElements(pad, [x])
        guard mode != .constant else { return }
        let dy = TestArray.random(output.shape, using: &generator)
        let copies = shape.enumerated().map { dimension, size in
            let sources = pad.sources(dimension, size: size)
            return (0..<size).map { source in sources.count { $0 == source } }.max() ?? 0
        }
        try expectSameSums(PadGradient(pad, inputShape: shape), [dy], terms: [copies.reduce(1, *)])
    }

    @Test("rows long enough for the threads to share")
    func large() throws {
        var generator = SeededGenerator(seed: 6_100)
        let x = TestArray.random([2, 3, 65, 131], using: &generator)
        for mode in PadMode.allCases {
            let pad = Pad(before: [0, 0, 3, 2], after: [0, 0, 1, 5], mode: mode, value: mode == .constant ? 7 : 0)
            try expectSameElements(pad, [x])
            guard mode != .constant else { continue }
            let dy = TestArray.random([2, 3, 69, 138], using: &generator)
            try expectSameSums(PadGradient(pad, inputShape: x.shape), [dy], terms: [9])
        }
    }

    @Test("other types, empty tensors and many dimensions are left to the reference")
    func unsupported() throws {
        let pad = Pad(before: [1], after: [0], mode: .reflect)
        #expect(try KernelRunner.cpu(pad, [try KernelRunner.place(TestArray([1, 2], [2], .float64))]) == nil)
        let crop = Pad(before: [-2], after: [0], mode: .constant)
        #expect(try KernelRunner.cpu(crop, [try KernelRunner.place(TestArray([1, 2]))]) == nil)
        let ones = [Int](repeating: 1, count: 9)
        let many = Pad(before: ones, after: ones, mode: .constant)
        #expect(try KernelRunner.cpu(many, [try KernelRunner.place(TestArray([1], Shape(ones)))]) == nil)
    }
}
