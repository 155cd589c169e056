import ApusEngine
import ApusGraph
import ApusNN
import Synchronization
import Testing

@testable import ApusOptim

/// Parameters are updated where they are, and nobody who holds a value sees it change.
@Suite("Updates in place") struct UpdateInPlaceTests {
    struct Maker: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable ([Parameter]) -> Optimizer
    }

    static let makers = [
        Maker(testDescription: "SGD") { SGD($0, lr: 0.1) },
        Maker(testDescription: "SGD with momentum") { SGD($0, lr: 0.1, momentum: 0.9) },
        Maker(testDescription: "Adam") { Adam($0, lr: 0.1) },
        Maker(testDescription: "AMSGrad") { AdamW($0, lr: 0.1, amsgrad: true) },
    ]

    private struct Training {
        let parameters = [Parameter(.full([3, 4], 0.5)), Parameter(.full([5], 0.25))]
        let optimizer: Optimizer

        init(_ maker: Maker) { optimizer = maker.make(parameters) }

        func step(_ index: Int) {
            for parameter in parameters { parameter.grad = Tensor.full(parameter.shape, Float(index % 3) - 0.7) }
            optimizer.step()
        }

        var bits: [[UInt32]] {
            get throws { try parameters.map { try $0.data.elements(as: Float.self).map(\.bitPattern) } }
        }
    }

    @Test("later steps make no new tensors", arguments: makers)
    func inPlace(maker: Maker) {
        let training = Training(maker)
        for index in 0..<3 { training.step(index) }
        let before = training.parameters.map { ObjectIdentifier($0.data.value.node) }
        for index in 3..<6 { training.step(index) }
        #expect(training.parameters.map { ObjectIdentifier($0.data.value.node) } == before)
        #expect(training.optimizer.state(of: training.parameters[0]).step == 6)
    }

    @Test("values that somebody holds stay as they are, and the steps the same", arguments: makers)
    func heldValues(maker: Maker) throws {
        let (alone, held) = (Training(maker), Training(maker))
        var kept: [(tensor: Tensor, bits: [Float])] = []
        for index in 0..<12 {
            alone.step(index)
            held.step(index)
            // Sometimes the value, sometimes the state, sometimes what a way back reads, sometimes nothing.
            let parameter = held.parameters[index % 2]
            var tensors: [Tensor] = []
            if index % 4 == 0 { tensors.append(parameter.data) }
            if index % 4 == 1 { tensors += held.optimizer.state(of: parameter).tensors.values }
            if index % 4 == 2 { tensors.append((parameter.tensor * parameter.tensor).sum()) }
            for tensor in tensors { kept.append((tensor, try tensor.elements(as: Float.self))) }
        }
        #expect(try alone.bits == held.bits)
        for (tensor, bits) in kept { #expect(try tensor.elements(as: Float.self) == bits) }
    }

    @Test("a way back that is walked after the step reads the old values")
    func retainedGraph() throws {
        let training = Training(Self.makers[2])
        for index in 0..<4 { training.step(index) }
        let parameter = training.parameters[1]
        let before = try parameter.data.elements(as: Float.self)
        let loss = parameter.tensor.square().sum()
        training.step(4)
        parameter.grad = nil
        loss.backward()
        #expect(try parameter.grad?.elements(as: Float.self) == before.map { $0 * 2 })
    }

    @Test("what was recorded before a step and is computed by it reads the old values")
    func pendingReader() throws {
        let training = Training(Self.makers[2])
        for index in 0..<4 { training.step(index) }
        let before = try training.parameters[1].data.elements(as: Float.self)
        let doubled = training.parameters[1].data * 2
        training.step(4)
        #expect(try doubled.elements(as: Float.self) == before.map { $0 * 2 })
    }

    @Test("a step that fails changes nothing", arguments: makers)
    func failure(maker: Maker) throws {
        let (plain, failing) = (Linear(4, 3), Linear(4, 3))
        failing.weight.data = plain.weight.data + 0
        failing.bias?.data = (plain.bias?.data ?? .zeros(3)) + 0
        let optimizers = [plain, failing].map { maker.make($0.parameters()) }
        func step(_ layer: Linear, _ optimizer: Optimizer, _ classes: [Int64]) {
            optimizer.zeroGrad()
            crossEntropy(layer(Tensor.ones(2, 4)), Tensor(classes)).backward()
            optimizer.step()
        }
        for _ in 0..<4 {
            step(plain, optimizers[0], [0, 1])
            step(failing, optimizers[1], [0, 1])
        }
        #expect(throws: TensorError.self) { try withTensorErrors { step(failing, optimizers[1], [0, 7]) } }
        #expect(failing.weight.data.array() == plain.weight.data.array())
        #expect(optimizers[1].state(of: failing.weight).step == 4)
        step(plain, optimizers[0], [2, 1])
        step(failing, optimizers[1], [2, 1])
        #expect(failing.weight.data.array() == plain.weight.data.array())
    }

    @Test("another thread sees whole values only")
    func concurrentReader() async throws {
        // All elements are equal, before and after every step.
        let parameter = Parameter(.full([64, 1024], 0.5))
        let isDone = Atomic<Bool>(false)
        let reader = Task.detached {
            var torn = 0
            while !isDone.load(ordering: .relaxed) {
                let elements = try parameter.data.elements(as: Float.self)
                if elements.contains(where: { $0 != elements[0] }) { torn += 1 }
            }
            return torn
        }
        let optimizer = SGD([parameter], lr: 0.01)
        for index in 0..<200 {
            parameter.grad = Tensor.full(parameter.shape, Float(index % 3) - 0.7)
            optimizer.step()
        }
        isDone.store(true, ordering: .relaxed)
        #expect(try await reader.value == 0)
    }
}
