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
        batch: Int, channels: Int, rank: Int = 2, dilates: Bool, using generator: inout SeededGenerator
    ) -> PoolingCase {
        var x = [batch, channels]
        var geometry = PoolingGeometry(
            kernelSize: [], stride: [], padding: [], dilation: [], ceilMode: generator.chance(0.5))
        for _ in 0..<rank {
            let kernel = generator.int(1...4)
            let dilation = dilates ? generator.int(1...2) : 1
            let reach = dilation * (kernel - 1) + 1
            let padding = generator.int(0...(kernel / 2))
            geometry.kernelSize.append(kernel)
            geometry.stride.append(generator.int(1...3))
            geometry.padding.append(padding)
            geometry.dilation.append(dilation)
            x.append(max(1, reach - 2 * padding) + generator.int(0...(generator.chance(0.2) ? 60 : 9)))
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
                batch: generator.pick([16, 32, 13, 30]), channels: generator.int(1...5), dilates: dilates,
                using: &generator)
        case .channels(let block):
            random(
                batch: generator.int(1...3), channels: block * generator.int(1...2), dilates: dilates, using: &generator
            )
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

    @Test("the largest elements, row-major", arguments: 1...3, 0..<20)
    func maxPlain(rank: Int, seed: Int) throws {
        var generator = SeededGenerator(seed: 1_000 + 100 * rank + seed)
        let test = PoolingCase.random(
            batch: generator.int(1...3), channels: generator.int(1...5), rank: rank, dilates: true, using: &generator)
        let x = image(test, seed: seed, using: &generator)
        try expectSameElements(MaxPool(test.geometry), [x])
        let positions = try KernelRunner.reference(MaxPool(test.geometry), [x])[1]
        let dy = TestArray.random(test.y, using: &generator)
        try expectSameSums(MaxPoolGradient(test.geometry, inputShape: test.x), dy, positions, terms: test.taps)
    }

    /// Adds and gathers by positions, which have no magnitudes.
    private func expectSameSums(
        _ primitive: any Primitive, _ x: TestArray, _ positions: TestArray, terms: Int
    ) throws {
        let actual = try KernelRunner.cpu(primitive, [x, positions])[0]
        let expected = try KernelRunner.reference(primitive, [x, positions])[0]
        let scale = try KernelRunner.reference(primitive, [x.magnitudes, positions])[0]
        expectAgreement(actual, expected, "\(primitive)") { scale.values[$0] * sumTolerance(terms) }
    }

    @Test("a dilated window on padding alone has no position and takes no gradient")
    func windowOnPadding() throws {
        // Rows −1 and 3 of three; columns 0, 1 and 2.
        let geometry = PoolingGeometry(
            kernelSize: [2, 1], stride: [1, 1], padding: [1, 0], dilation: [4, 1], ceilMode: false)
        let x = TestArray((0..<9).map(Double.init), [1, 1, 3, 3])
        for backend in [KernelRunner.cpu, KernelRunner.reference] {
            let results = try backend(MaxPool(geometry), [x])
            #expect(results[0].values == [-.infinity, -.infinity, -.infinity])
            #expect(results[1].values == [-1, -1, -1])
            let dy = TestArray([1, 2, 3], [1, 1, 1, 3])
            let dx = try backend(MaxPoolGradient(geometry, inputShape: x.shape), [dy, results[1]])
            #expect(dx[0].values == [Double](repeating: 0, count: 9))
        }
    }

    @Test("positions that nobody reads are not computed", arguments: 0..<10)
    func unreadPositions(seed: Int) throws {
        var generator = SeededGenerator(seed: 1_050 + seed)
        let test = PoolingCase.random(nil, dilates: true, using: &generator)
        let x = image(test, seed: seed, using: &generator)
        let uses = [
            StepDescription.ResultUse(outlivesPlan: true, readers: []),
            StepDescription.ResultUse(outlivesPlan: false, readers: []),
        ]
        let sizes = test.y.dimensions.dropFirst(2).map { $0 }
        for primitive in [MaxPool(test.geometry), AdaptiveMaxPool(sizes)] as [any Primitive] {
            let results = try #require(try KernelRunner.cpu(primitive, [try KernelRunner.place(x)], uses: uses))
            #expect(results[1].planned.byteCount == 1)
            let expected = try KernelRunner.reference(primitive, [x])[0]
            expectAgreement(try KernelRunner.read(results[0]), expected, "\(primitive)")
        }
    }

    @Test("adaptive windows", arguments: 1...3, 0..<16)
    func adaptive(rank: Int, seed: Int) throws {
        var generator = SeededGenerator(seed: 1_300 + 100 * rank + seed)
        let sizes = (0..<rank).map { _ in generator.int(1...(rank == 3 ? 9 : 40)) }
        let outputs = (0..<rank).map { _ in generator.int(1...12) }
        let lead = [generator.int(1...3), generator.int(1...4)]
        var x = TestArray.withTies(Shape(lead + sizes), using: &generator)
        if seed % 2 == 1 {
            x = x.sprinkled(.nan, 0.05, using: &generator).sprinkled(-.infinity, 0.2, using: &generator)
        }
        try expectSameElements(AdaptiveMaxPool(outputs), [x])

        let (y, dy) = (
            TestArray.random(Shape(lead + sizes), using: &generator),
            TestArray.random(Shape(lead + outputs), using: &generator)
        )
        let terms = zip(sizes, outputs).reduce(1) { $0 * ($1.0 / $1.1 + 2) }
        try ApusCPUTests.expectSameSums(AdaptiveAveragePool(outputs), [y], terms: [terms])
        let covering = zip(outputs, sizes).reduce(1) { $0 * ($1.0 / $1.1 + 2) }
        try ApusCPUTests.expectSameSums(
            AdaptiveAveragePoolGradient(inputShape: y.shape), [dy], terms: [covering])
    }

    @Test("elements by their positions", arguments: 0..<10)
    func byPositions(seed: Int) throws {
        var generator = SeededGenerator(seed: 1_400 + seed)
        let wide = Shape([generator.int(1...3), generator.int(1...4), generator.int(1...9), generator.int(1...9)])
        let narrow = Shape([wide[0], wide[1], generator.int(1...6), generator.int(1...6)])
        let plane = wide[2] * wide[3]
        let positions = TestArray(
            (0..<narrow.elementCount).map { _ in Double(generator.int(-1...(plane - 1))) }, narrow, .int64)
        let (x, y) = (TestArray.random(narrow, using: &generator), TestArray.random(wide, using: &generator))
        try expectSameSums(PlaneScatterAdd(wide), x, positions, terms: narrow[2] * narrow[3])
        try expectSameElements(PlaneGather(), [y, positions])
        let inside = TestArray(positions.values.map { max($0, 0) }, narrow, .int64)
        try expectSameElements(MaxUnpool([wide[2], wide[3]]), [x, inside])
    }

    @Test("positions outside of the plane are refused", arguments: [-2, 6, 1e12])
    func wrongPositions(position: Double) throws {
        let geometry = PoolingGeometry(
            kernelSize: [2, 3], stride: [2, 3], padding: [0, 0], dilation: [1, 1], ceilMode: false)
        let positions = TestArray([0, position], [1, 2, 1, 1], .int64)
        let x = TestArray([1, 2], [1, 2, 1, 1])
        let plane: Shape = [1, 2, 2, 3]
        for primitive in [
            MaxPoolGradient(geometry, inputShape: plane), PlaneScatterAdd(plane), MaxUnpool([2, 3]),
        ] as [any Primitive] {
            try expectRefusal(primitive, [x, positions])
        }
        try expectRefusal(PlaneGather(), [TestArray((0..<12).map(Double.init), plane), positions])
        try expectRefusal(MaxUnpool([2, 3]), [x, TestArray([0, -1], [1, 2, 1, 1], .int64)])
    }

    private func expectRefusal(_ primitive: any Primitive, _ inputs: [TestArray]) throws {
        for backend in [KernelRunner.cpu, KernelRunner.reference] {
            let error = #expect(throws: TensorError.self) { try backend(primitive, inputs) }
            #expect(error?.message.contains("is out of range for planes of 6 elements") == true)
        }
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

    @Test("means, in all layouts", arguments: [nil] + LanesKind.allCases.map(Optional.some), 0..<20)
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

    @Test(
        "gradients of means with that of the activation before, in all layouts",
        arguments: [nil] + LanesKind.allCases.map(Optional.some), 0..<20)
    func averageOfActivated(kind: LanesKind?, seed: Int) throws {
        var generator = SeededGenerator(seed: 1_300 + seed)
        let test = PoolingCase.random(kind, using: &generator)
        let pool = AveragePool(test.geometry, countIncludePad: generator.chance(0.5), divisorOverride: nil)
        let activation = generator.pick([Activation.relu, .sigmoid, .tanh])
        let fused = FusedAveragePoolGradient(AveragePoolGradient(pool, inputShape: test.x), activation)
        let y = TestArray.random(test.x, using: &generator)
        let dy = TestArray.random(test.y, using: &generator)
        let layout = try kind?.layout(y.spec) ?? .plain
        let placed = [try KernelRunner.place(y, layout), try KernelRunner.place(dy)]
        let result = try #require(try KernelRunner.cpu(fused, placed))[0]
        #expect(result.planned.layout == layout)
        let scale = try KernelRunner.reference(fused.gradient, [dy.magnitudes])[0]
        expectAgreement(try KernelRunner.read(result), try KernelRunner.reference(fused, [y, dy])[0], "\(fused)") {
            // Two roundings more; a sigmoid's factor y · (1 − y) may be −2 here.
            2 * scale.values[$0] * sumTolerance(test.taps + 3)
        }
    }

    @Test("means of one and three dimensions, with a negative divisor too", arguments: [1, 3], 0..<16)
    func averageOfOtherRanks(rank: Int, seed: Int) throws {
        var generator = SeededGenerator(seed: 1_500 + 100 * rank + seed)
        let test = PoolingCase.random(
            batch: generator.int(1...3), channels: generator.int(1...5), rank: rank, dilates: false, using: &generator)
        let pool = AveragePool(
            test.geometry, countIncludePad: generator.chance(0.5),
            divisorOverride: generator.chance(0.25) ? generator.int(1...7) * (seed % 2 == 0 ? -1 : 1) : nil)
        let (x, dy) = (
            TestArray.random(test.x, using: &generator), TestArray.random(test.y, using: &generator)
        )
        for (primitive, input) in [(pool, x), (AveragePoolGradient(pool, inputShape: test.x), dy)]
            as [(any Primitive, TestArray)]
        {
            let scale = try KernelRunner.reference(primitive, [input.magnitudes])[0]
            expectAgreement(
                try KernelRunner.cpu(primitive, [input])[0], try KernelRunner.reference(primitive, [input])[0],
                "\(primitive)"
            ) { scale.values[$0].magnitude * sumTolerance(test.taps) }
        }
    }

    @Test("wide windows and strides", arguments: [(56, 56, 1), (40, 3, 5), (2_200, 1_500, 700), (2_200, 900, 1)])
    func wideWindows(size: Int, kernel: Int, stride: Int) throws {
        var generator = SeededGenerator(seed: 1_600 + size + kernel)
        let geometry = PoolingGeometry(
            kernelSize: [kernel], stride: [stride], padding: [kernel / 2], dilation: [1], ceilMode: true)
        let x = TestArray.withTies([1, 2, size], using: &generator)
        try expectSameElements(MaxPool(geometry), [x])
        let pool = AveragePool(geometry, countIncludePad: false, divisorOverride: nil)
        try ApusCPUTests.expectSameSums(pool, [x], terms: [kernel])
    }

    @Test("double precision has no kernel of the CPU")
    func doublePrecision() throws {
        let geometry = PoolingGeometry(kernelSize: [1], stride: [1], padding: [0], dilation: [1], ceilMode: false)
        let x = try KernelRunner.place(TestArray([1, 2], [1, 2, 1], .float64))
        #expect(try KernelRunner.cpu(MaxPool(geometry), [x]) == nil)
        #expect(try KernelRunner.cpu(AdaptiveMaxPool([1]), [x]) == nil)
        #expect(
            try KernelRunner.cpu(AveragePool(geometry, countIncludePad: true, divisorOverride: nil), [x]) == nil)
    }
}
