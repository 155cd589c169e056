import ApusEngine
import ApusGraph
import Testing

@Suite("Profiles of plans")
struct ProfileTests {
    @Test("a profile has the steps of what was computed, in order")
    func steps() throws {
        let (left, right) = (Tensor.ones(3, 5), Tensor.ones(5, 7))
        try Tensor.evaluate([left, right])
        let profile = try Engine.shared.profile { try Tensor.evaluate([left.matmul(right).exp()]) }
        // Another test's computations may stand beside them.
        let product = try #require(profile.steps.first { $0.shapes == "[3, 5] [5, 7] [3, 7]" })
        #expect(product.operation == "matmul")
        #expect(product.multiplyAdds == 3 * 5 * 7)
        #expect(product.bytes == 4 * (15 + 35 + 21))
        #expect(product.nanoseconds > 0)
        #expect(profile.plans.reduce(0, +) == profile.steps.count)
        for (step, next) in zip(profile.steps, profile.steps.dropFirst()) {
            #expect(next.start >= step.start + step.nanoseconds)
        }
    }

    @Test("an error is passed on, and nothing is recorded behind it")
    func errors() throws {
        struct Failure: Error {}
        #expect(throws: Failure.self) { try Engine.shared.profile { throw Failure() } }
        try Tensor.evaluate([Tensor.ones(2, 2) + 1])
    }
}
