import ApusEngine
import ApusGraph
import Testing

/// What can be said of other devices without one: where tensors are, and what is refused.
@Suite struct TransferTests {
    private static let gpu = Device.cuda(0)

    @Test func finishedTensorsAreSaidToBeElsewhere() {
        let x = Tensor([1, 2, 3] as [Float])
        let moved = x.moved(to: Self.gpu)
        #expect(moved.device == Self.gpu)
        #expect(moved.shape == [3] && moved.dtype == .float32)
        #expect(moved.moved(to: .cpu).array() == [1, 2, 3])
        #expect(x.device == .cpu)
        #expect(x.to(.cpu).value.node === x.value.node)
    }

    @Test func resultsAreWhereTheirOperandsAre() {
        let x = Tensor([1, 2] as [Float]).moved(to: Self.gpu)
        #expect((x + x).relu().device == Self.gpu)
        #expect(x.matmul(x).device == Self.gpu)
        #expect(Tensor.zerosLike(x).device == Self.gpu)
        #expect(x.sort().values.device == Self.gpu)
    }

    /// A number, a tensor without dimensions, and a constant that is not made yet.
    @Test func constantsFollowTheirPartners() {
        let x = Tensor([1, 2] as [Float]).moved(to: Self.gpu)
        #expect((x * 2).device == Self.gpu)
        #expect((Tensor(scalar: 3.0) - x).device == Self.gpu)
        #expect((x + .ones([2])).device == Self.gpu)
        #expect((x + .arange(2, dtype: .float32)).device == Self.gpu)
    }

    @Test func othersAreRefused() throws {
        let x = Tensor([1, 2] as [Float]).moved(to: Self.gpu)
        let error = #expect(throws: TensorError.self) { try withTensorErrors { _ = x + Tensor([1, 2] as [Float]) } }
        #expect(error?.message.contains("different devices: cuda:0 and cpu") == true)
    }

    @Test func tensorsAreMadeOnTheStandardDevice() {
        Device.$standard.withValue(Self.gpu) {
            #expect(Tensor([1, 2] as [Float]).device == Self.gpu)
            #expect(Tensor.zeros(2, 3).device == Self.gpu)
            #expect(Tensor.rand(2).device == Self.gpu)
            #expect(Tensor.arange(3).device == Self.gpu)
        }
        #expect(Tensor.zeros(2, 3).device == .cpu)
    }

    /// The gradient of a copy is a copy back.
    @Test func gradientsComeBack() {
        let x = Tensor([1, 2] as [Float]).requiringGrad()
        (x.moved(to: Self.gpu) * 3).sum().backward()
        #expect(x.grad?.device == .cpu)
        #expect(x.grad?.shape == [2])
    }

    /// Where there is no GPU, asking for one says why, and computing on one throws.
    @Test func aMissingDeviceIsAnError() throws {
        guard let reason = Self.gpu.reasonForAbsence else { return }
        #expect(!reason.isEmpty)
        #expect(Device.best == .cpu)
        let x = Tensor([1, 2] as [Float])
        let error = #expect(throws: TensorError.self) { try withTensorErrors { _ = x.to(Self.gpu) } }
        #expect(error?.message.hasPrefix("cuda:0 is not available: ") == true)
        #expect(throws: (any Error).self) { try (x.moved(to: Self.gpu) + 1).elements(as: Float.self) }
        // What lies on the CPU is as it was.
        #expect((x + 1).array() == [2, 3])
    }

    @Test func templatesComputeWhatTheyWereMadeOf() throws {
        func rule(_ x: Tensor, _ y: Tensor, _ scale: Tensor) -> (Tensor, Tensor) {
            let z = (x - y * scale).sqrt() + y
            return (z, z * scale)
        }
        let scale = Tensor(scalar: Float(0.5))
        let (a, b) = (Tensor([3, 5, 7] as [Float]), Tensor([1, 2, 3] as [Float]))
        let results = rule(a, b, scale)
        let template = try #require(ElementwiseTemplate(from: [a, b], to: [results.0, results.1]))
        let (c, d) = (Tensor([[9, 8], [7, 6]] as [[Float]]), Tensor([[1, 2], [3, 4]] as [[Float]]))
        var operation: ElementwiseTemplate.Operation?
        let expected = rule(c, d, scale)
        let found = try #require(template.record(c, d, [], as: &operation))
        #expect(found[0].array() == expected.0.array())
        #expect(found[1].array() == expected.1.array())
        #expect(template.record(c, d.cast(to: .float64), [], as: &operation) == nil)
        #expect(template.record(c, b, [], as: &operation) == nil)
    }

    @Test func templatesAreRecordedAgainForTensorsOfAnyShape() throws {
        let scale = Tensor(scalar: Float(0.5))
        func rule(_ x: Tensor, _ y: Tensor, _ z: Tensor) -> Tensor { (x - y * scale) * z }
        let (a, b, c) = (Tensor([3, 5, 7] as [Float]), Tensor([1, 2, 3] as [Float]), Tensor([4, 2, 1] as [Float]))
        let template = try #require(ElementwiseTemplate(from: [a, b, c], to: [rule(a, b, c)]))
        var operation: ElementwiseTemplate.Operation?
        // Twice the same shape, then another one.
        for (x, y) in [(a, b), (c, a), (a.reshape(3, 1), b.reshape(3, 1))] {
            let found = try #require(template.record(x, y, [y], as: &operation))
            #expect(found.count == 1 && found[0].shape == x.shape)
            #expect(found[0].array() == rule(x, y, y).array())
        }
        #expect(template.record(a, b, [], as: &operation) == nil)
        #expect(template.record(a, b.cast(to: .float64), [c], as: &operation) == nil)
        #expect(template.record(a, b, [c.reshape(3, 1)], as: &operation) == nil)
    }

    @Test func whatIsNoChainIsNoTemplate() {
        let (a, b) = (Tensor([3, 5] as [Float]), Tensor([1, 2] as [Float]))
        #expect(ElementwiseTemplate(from: [a, b], to: [a.matmul(b) * a]) != nil, "a scalar is shared")
        #expect(ElementwiseTemplate(from: [a, b], to: [a.softmax(dim: 0) * b]) == nil)
        #expect(ElementwiseTemplate(from: [a], to: [a * b]) == nil, "b is no input")
        #expect(ElementwiseTemplate(from: [a, b], to: [a]) == nil)
    }
}
