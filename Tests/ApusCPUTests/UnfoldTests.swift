import ApusGraph
import ApusTestSupport
import Testing

@testable import ApusCPU

@Suite("Sliding windows of the CPU agree with the reference")
struct UnfoldTests {
    /// Small integers: sums of windows are exact in any order.
    @Test("columns and back", arguments: 0..<40)
    func bothDirections(seed: Int) throws {
        var generator = SeededGenerator(seed: 900 + seed)
        var window = SlidingWindow(kernelSize: [], stride: [], padding: [], dilation: [])
        var image: [Int] = []
        for _ in 0..<2 {
            let (kernel, dilation, padding) = (generator.int(1...4), generator.int(1...3), generator.int(0...3))
            window.kernelSize.append(kernel)
            window.dilation.append(dilation)
            window.padding.append(padding)
            window.stride.append(generator.int(1...4))
            image.append(max(1, dilation * (kernel - 1) + 1 - 2 * padding) + generator.int(0...20))
        }
        let (batch, channels) = (generator.int(1...3), generator.int(1...4))
        let x = TestArray.withTies([batch, channels, image[0], image[1]], using: &generator)
        try expectSameElements(Unfold(window), [x])
        let columns = TestArray.withTies(
            [batch, channels * window.taps, window.blocks(image).reduce(1, *)], using: &generator)
        try expectSameElements(Fold(window, outputSize: image), [columns])
    }

    @Test("other types and nothing at all are left to the reference")
    func unsupported() throws {
        let window = SlidingWindow(kernelSize: [2, 2], stride: [1, 1], padding: [0, 0], dilation: [1, 1])
        let x = try KernelRunner.place(TestArray([Double](repeating: 1, count: 9), [1, 1, 3, 3], .float64))
        #expect(try KernelRunner.cpu(Unfold(window), [x]) == nil)
        let empty = try KernelRunner.place(TestArray([], [0, 1, 3, 3], .float32))
        #expect(try KernelRunner.cpu(Unfold(window), [empty]) == nil)
    }
}
