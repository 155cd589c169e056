import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusCPU

/// A pooling with everything that can vary.
private struct PoolingCase: CustomStringConvertible {
    var x: Shape
    var geometry: PoolingGeometry

    var description: String { "x \(x.brackets), \(geometry)" }

    var y: Shape {
        Shape([x[0], x[1]] + (0..<geometry.spatialRank).map { geometry.outputSize(x[$0 + 2], $0) })
    }

    var taps: Int { geometry.kernelSize.reduce(1, *) }

    static func random(
        batch: Int, channels: Int, dilates: Bool, using generator: inout SeededGenerator
    ) -> PoolingCase {
        var x = [batch, channels]
        var geometry = PoolingGeometry(
            kernelSize: [], stride: [], padding: [], dilation: [], ceilMode: generator.chance(0.5))
        for _ in 0..<2 {
            let kernel = generator.int(1...4)
            let dilation = dilates ? generator.int(1...2) : 1
            let reach = dilation * (kernel - 1) + 1
            let padding = generator.int(0...(reach / 2))
            geometry.kernelSize.append(kernel)
            geometry.stride.append(generator.int(1...3))
            geometry.padding.append(padding)
            geometry.dilation.append(dilation)
            x.append(max(1, reach - 2 * padding) + generator.int(0...9))
        }
        return PoolingCase(x: Shape(x), geometry: geometry)
    }

    /// Batches and channels for which a layout has whole blocks.
    static func random(
        _ kind: LanesKind?, dilates: Bool = false, using generator: inout SeededGenerator
    ) -> PoolingCase {
        switch kind {
        case .images:
            random(
                batch: 16 * generator.int(1...2), channels: generator.int(1...5), dilates: dilates, using: &generator)
        case .channels:
            random(
                batch: generator.int(1...3), channels: 16 * generator.int(1...2), dilates: dilates, using: &generator)
        case nil:
            random(batch: generator.int(1...3), channels: generator.int(1...5), dilates: dilates, using: &generator)
        }
    }
}

@Suite("Poolings of the CPU agree with the reference")
struct PoolingTests {
    /// Equal elements, and in every other case NaN and −∞.
    private func image(_ test: PoolingCase, seed: Int, using generator: inout SeededGenerator) -> TestArray {
        var x = TestArray.withTies(test.x, using: &generator)
        if seed % 2 == 1 {
            x = x.sprinkled(.nan, 0.05, using: &generator).sprinkled(-.infinity, 0.2, using: &generator)
        }
        return x
    }

    @Test("the largest elements, row-major", arguments: 0..<30)
    func maxPlain(seed: Int) throws {
        var generator = SeededGenerator(seed: 1_000 + seed)
        let test = PoolingCase.random(nil, dilates: true, using: &generator)
        let x = image(test, seed: seed, using: &generator)
        try expectSameElements(MaxPool(test.geometry), [x])
        let positions = try KernelRunner.reference(MaxPool(test.geometry), [x])[1]
        let dy = TestArray.random(test.y, using: &generator)
        let gradient = MaxPoolGradient(test.geometry, inputShape: test.x)
        // A dilated window on padding alone has no position, and no gradient.
        guard !positions.values.contains(-1) else { return try expectRefusal(gradient, dy, positions) }
        let actual = try KernelRunner.cpu(gradient, [dy, positions])[0]
        let expected = try KernelRunner.reference(gradient, [dy, positions])[0]
        let scale = try KernelRunner.reference(gradient, [dy.magnitudes, positions])[0]
        expectAgreement(actual, expected, "\(test)") { scale.values[$0] * sumTolerance(test.taps) }
    }

    private func expectRefusal(_ gradient: MaxPoolGradient, _ dy: TestArray, _ positions: TestArray) throws {
        for backend in [KernelRunner.cpu, KernelRunner.reference] {
            let error = #expect(throws: TensorError.self) { try backend(gradient, [dy, positions]) }
            #expect(error?.message.contains("is out of range for planes of") == true)
        }
    }

    @Test("positions outside of the plane are refused", arguments: [-1, 6, 1e12])
    func wrongPositions(position: Double) throws {
        let geometry = PoolingGeometry(
            kernelSize: [2, 3], stride: [2, 3], padding: [0, 0], dilation: [1, 1], ceilMode: false)
        let gradient = MaxPoolGradient(geometry, inputShape: [1, 2, 2, 3])
        try expectRefusal(gradient, TestArray([1, 2], [1, 2, 1, 1]), TestArray([0, position], [1, 2, 1, 1], .int64))
    }

    /// Positions are bytes in these layouts, so that forward and backward are checked together.
    @Test("the largest elements, in lanes and blocks", arguments: LanesKind.allCases, 0..<20)
    func maxInLanes(kind: LanesKind, seed: Int) throws {
        var generator = SeededGenerator(seed: 1_100 + seed)
        let test = PoolingCase.random(kind, using: &generator)
        let x = image(test, seed: seed, using: &generator)
        let (pool, gradient) = (MaxPool(test.geometry), MaxPoolGradient(test.geometry, inputShape: test.x))
        let layout = try kind.layout(x.spec)
        let uses = [
            StepDescription.ResultUse(outlivesPlan: true, readers: []),
            StepDescription.ResultUse(outlivesPlan: false, readers: [gradient]),
        ]
        let forward = try #require(try KernelRunner.cpu(pool, [try KernelRunner.place(x, layout)], uses: uses))
        #expect(forward[0].planned.layout == (try kind.layout(forward[0].planned.spec)))
        #expect(LanesKind(windows: forward[1].planned.layout) == kind)
        let expected = try KernelRunner.reference(pool, [x])
        expectAgreement(try KernelRunner.read(forward[0]), expected[0], "\(test)")

        let dy = TestArray.random(test.y, using: &generator)
        let backward = try #require(try KernelRunner.cpu(gradient, [try KernelRunner.place(dy), forward[1]]))
        #expect(backward[0].planned.layout == layout)
        let dx = try KernelRunner.reference(gradient, [dy, expected[1]])[0]
        let scale = try KernelRunner.reference(gradient, [dy.magnitudes, expected[1]])[0]
        expectAgreement(try KernelRunner.read(backward[0]), dx, "\(test)") {
            scale.values[$0] * sumTolerance(test.taps)
        }
    }

    @Test("positions that are read otherwise stay plain", arguments: LanesKind.allCases)
    func plainPositions(kind: LanesKind) throws {
        var generator = SeededGenerator(seed: 1_150)
        let test = PoolingCase.random(kind, using: &generator)
        let x = TestArray.withTies(test.x, using: &generator)
        let placed = try KernelRunner.place(x, try kind.layout(x.spec))
        let results = try #require(try KernelRunner.cpu(MaxPool(test.geometry), [placed]))
        let expected = try KernelRunner.reference(MaxPool(test.geometry), [x])
        for (result, expected) in zip(results, expected) {
            #expect(result.planned.layout == .plain)
            expectAgreement(try KernelRunner.read(result), expected)
        }
    }

    @Test("means, in all layouts", arguments: [nil, .images, .channels] as [LanesKind?], 0..<20)
    func average(kind: LanesKind?, seed: Int) throws {
        var generator = SeededGenerator(seed: 1_200 + seed)
        // An average pooling has no dilation.
        let test = PoolingCase.random(kind, using: &generator)
        let pool = AveragePool(
            test.geometry, countIncludePad: generator.chance(0.5),
            divisorOverride: generator.chance(0.25) ? generator.int(1...7) : nil)
        let gradient = AveragePoolGradient(pool, inputShape: test.x)
        let x = TestArray.random(test.x, using: &generator)
        let dy = TestArray.random(test.y, using: &generator)
        for (primitive, input) in [(pool, x), (gradient, dy)] as [(any Primitive, TestArray)] {
            let layout = try kind?.layout(input.spec) ?? .plain
            let placed = try KernelRunner.place(input, layout)
            let result = try #require(try KernelRunner.cpu(primitive, [placed]))[0]
            let expected = try KernelRunner.reference(primitive, [input])[0]
            #expect(result.planned.layout == (try kind?.layout(expected.spec) ?? .plain))
            let scale = try KernelRunner.reference(primitive, [input.magnitudes])[0]
            expectAgreement(try KernelRunner.read(result), expected, "\(primitive)") {
                scale.values[$0] * sumTolerance(test.taps)
            }
        }
    }

    @Test("one and three dimensions have no kernel of the CPU", arguments: [1, 3])
    func otherRanks(rank: Int) throws {
        let ones = [Int](repeating: 1, count: rank)
        let geometry = PoolingGeometry(
            kernelSize: ones, stride: ones, padding: ones.map { _ in 0 }, dilation: ones, ceilMode: false)
        let x = try KernelRunner.place(TestArray([1, 2], Shape([1, 2] + ones)))
        #expect(try KernelRunner.cpu(MaxPool(geometry), [x]) == nil)
        #expect(
            try KernelRunner.cpu(AveragePool(geometry, countIncludePad: true, divisorOverride: nil), [x]) == nil)
    }
}
