import ApusEngine
import ApusGraph
import Testing

@Suite("Evaluation")
struct EvaluationTests {
    @Test("arithmetic broadcasts and promotes as PyTorch does")
    func arithmetic() {
        let integers = Tensor([[0, 1, 2], [3, 4, 5]])
        let reals = Tensor([0.5, 1, 2])
        #expect(integers.dtype == .int64)
        #expect((integers * reals).dtype == .float32)
        #expect((integers * reals).array() == [0, 1, 4, 1.5, 4, 10])
        #expect((integers * 2).dtype == .int64)
        #expect((integers * 2.5).dtype == .float32)
        #expect((integers / 2).array() == [0, 0.5, 1, 1.5, 2, 2.5])
        #expect((Tensor([UInt8(200)]) + 100).array(as: Int.self) == [44])
    }

    @Test("a value that is read keeps its history")
    func readBeforeBackward() {
        let x = Tensor([1.0, 2, 3]).requiringGrad()
        let loss = (x * x).sum()
        #expect(loss.item() == 14)
        loss.backward()
        #expect(x.grad?.array() == [2, 4, 6])
    }

    @Test("gradients add up until they are cleared")
    func accumulation() {
        let x = Tensor([3.0]).requiringGrad()
        (x * 2).sum().backward()
        (x * 5).sum().backward()
        #expect(x.grad?.array() == [7])
    }

    @Test("a gradient has a gradient")
    func secondOrder() {
        let x = Tensor([2.0], dtype: .float64).requiringGrad()
        let cube = (x * x * x).sum()
        let first = cube.gradients(withRespectTo: [x], createGraph: true)[0]
        #expect(first.item() == 12)
        #expect(first.sum().gradients(withRespectTo: [x])[0].item() == 12)
    }

    @Test("slice assignment rebinds, and gradients pass through it")
    func sliceAssignment() {
        let x = Tensor([1.0, 2]).requiringGrad()
        var y = Tensor.zeros(2, 2)
        let before = y
        for i in 0..<2 { for j in 0..<2 { y[i, j] = x[i] * Double(j + 1) } }
        #expect(y.array() == [1, 2, 2, 4])
        #expect(before.array() == [0, 0, 0, 0])
        (y * y).sum().backward()
        #expect(x.grad?.array() == [10, 20])
    }

    @Test("a hundred thousand operations neither overflow the stack nor stay in memory")
    func longChain() async throws {
        let before = StoragePool.counters.bytesInUse
        var x = Tensor.ones(4).requiringGrad()
        let leaf = x
        for _ in 0..<100_000 { x = x + 1 }
        #expect(x.array() == [100_001, 100_001, 100_001, 100_001])
        x.sum().backward()
        #expect(leaf.grad?.array() == [1, 1, 1, 1])
        x = Tensor.ones(1)
        // Other tests hold gigabytes for a time; what this one had left behind would stay.
        for _ in 0..<3_000 {
            if StoragePool.counters.bytesInUse - before < 64 << 20 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("\(StoragePool.counters.bytesInUse - before) bytes more than before are in use")
    }

    @Test("an error inside of withTensorErrors is thrown, and nothing traps")
    func tensorErrors() {
        let error = #expect(throws: TensorError.self) {
            try withTensorErrors {
                let sum = Tensor.ones(2, 3) + Tensor.ones(4)
                return (sum.matmul(Tensor.ones(9, 9)).reshape(7, 7)[5, 5]).item()
            }
        }
        #expect(error?.description.contains("[2, 3] and [4]") == true)
    }

    @Test("what another task recorded is not computed twice")
    func sharedAcrossTasks() async {
        let x = Tensor.ones(3) * 2
        let doubled = await Task.detached { (x * 2).array() }.value
        #expect(doubled == [4, 4, 4])
        #expect(x.array() == [2, 2, 2])
    }
}

@Suite("Plans")
struct PlanTests {
    @Test("the number of kept plans is bounded")
    func boundedCache() {
        for count in 1...600 { #expect((Tensor.ones(count) + 1).sum().item() == Double(2 * count)) }
        #expect(Engine.shared.cachedPlanCount <= 512)
    }

    @Test("the plan and single operations give the same numbers")
    func plannedAgainstEager() {
        func compute() -> [Float] {
            let x = Tensor.arange(0, 60, dtype: .float32).reshape(3, 4, 5) / 17 - 1
            let y = ((x * 3 + x.sin()).tanh() - x.exp()).sigmoid()
            let z = y.sum(dim: 1, keepdim: true) * x + y.maximum(x)
            return z.reshape(12, 5).T.matmul(z.reshape(12, 5)).relu().array()
        }
        let planned = compute()
        let eager = EvaluationHook.$isEager.withValue(true) { compute() }
        #expect(planned.count == eager.count)
        for (a, b) in zip(planned, eager) { #expect(abs(a - b) <= 1e-5 * max(abs(b), 1)) }
    }
}
