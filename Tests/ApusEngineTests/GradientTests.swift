import Foundation
import Testing

@testable import ApusEngine
@testable import ApusGraph

@Suite("Gradients")
struct GradientTests {
    @Test("agree with differences", arguments: GradientCases.all)
    func first(_ test: GradientCase) throws {
        let report = try checkGradients(of: test.function, at: test.inputs(), epsilon: test.epsilon)
        #expect(report.comparisons > 0)
        #expect(report.isCorrect, "\(report)")
    }

    @Test("of gradients agree with differences", arguments: GradientCases.all.filter(\.checksSecond))
    func second(_ test: GradientCase) throws {
        let report = try checkGradientsOfGradients(of: test.function, at: test.inputs(), epsilon: test.epsilon)
        #expect(report.isCorrect, "\(report)")
    }

    @Test("where elements are equal are shared as PyTorch shares them")
    func ties() {
        let x = Tensor([1.0, 3, 3, 2]).requiringGrad()
        #expect(x.amax(dim: [0]).gradients(withRespectTo: [x])[0].array() == [0, 0.5, 0.5, 0])
        let y = Tensor([1.0, 2, 3, 4])
        #expect(x.maximum(y).sum().gradients(withRespectTo: [x])[0].array() == [0.5, 1, 0.5, 0])
        // At the kink itself.
        let zero = Tensor([0.0]).requiringGrad()
        #expect(zero.relu().gradients(withRespectTo: [zero])[0].array() == [0])
        #expect(zero.abs().gradients(withRespectTo: [zero])[0].array() == [0])
        #expect(zero.clamp(min: 0).gradients(withRespectTo: [zero])[0].array() == [1])
    }

    @Test("can be taken by results on the way, as torch.autograd.grad takes them")
    func byResults() throws {
        let x = Tensor([1.0, 2]).requiringGrad()
        let square = x * x
        let loss = (square * Tensor([3.0, 5])).sum() + (square * square).sum() + x.sum()
        // ∂/∂s (3 s₁ + 5 s₂ + s₁² + s₂²) at s = (1, 4), and the leaf's: (3 + 2 s₁, 5 + 2 s₂) · 2x + 1.
        let gradients = loss.gradients(withRespectTo: [square, x, loss])
        #expect(gradients.map { $0.array(as: Double.self) } == [[5, 13], [11, 53], [1]])
        #expect(x.grad == nil)
        // Nothing leads to a result that the loss was not made of.
        let other = x * 2
        #expect(x.sum().gradients(withRespectTo: [other])[0].array() == [0, 0])
        // One result of an operation with two.
        let (values, _) = x.sort()
        #expect((values * values).sum().gradients(withRespectTo: [values])[0].array() == [2, 4])
        let error = try #require(throws: TensorError.self) {
            try withTensorErrors { _ = x.sum().gradients(withRespectTo: [Tensor([1.0])]) }
        }
        #expect(error.message.contains("requires no gradient"))
    }

    @Test("are checked for every primitive that has one")
    func coverage() throws {
        var seen = Kinds()
        // Recorded operations can be looked at as long as they are pending.
        EvaluationHook.$isEager.withValue(false) {
            for test in GradientCases.all {
                let inputs = test.inputs().map { $0.requiringGrad() }
                let result = test.function(inputs)
                seen.insert(from: result)
                guard test.checksSecond else { continue }
                // A gradient's own gradient is checked where it is part of the recorded gradients.
                seen.insert(from: gradients(of: test.function, at: inputs + [.ones(result.shape, dtype: .float64)]))
            }
        }
        #expect(try primitivesWithGradients().subtracting(seen.primitives).sorted() == [])
        // Truth values have no gradient, and the rounded quotient refuses to have one.
        let functions = Set(PointwiseFunction.allCases.filter { !$0.isPredicate && $0 != .floorDivide })
        #expect(functions.subtracting(seen.functions).map(\.rawValue).sorted() == [])
    }

    /// The primitives of `Sources/ApusGraph/Primitives` that say what their gradient is.
    private func primitivesWithGradients() throws -> Set<String> {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/ApusGraph/Primitives")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var names = Set<String>()
        for file in files where file.pathExtension == "swift" {
            // From one declaration to the next.
            for declaration in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "public struct ") {
                guard let head = declaration.firstMatch(of: /^(\w+)\s*:\s*Primitive/),
                    declaration.contains("func gradient(_ context")
                else { continue }
                names.insert(String(head.output.1))
            }
        }
        #expect(names.isSuperset(of: ["Convolution", "ConvolutionWeightGradient", "SliceAssign"]))
        return names
    }

    /// The primitives and elementwise functions that a pending tensor is made of.
    private struct Kinds {
        var primitives: Set<String> = []
        var functions: Set<PointwiseFunction> = []
        private var visited: Set<ObjectIdentifier> = []
        // Identities stay unique as long as the nodes live.
        private var kept: [Node] = []

        mutating func insert(from tensor: Tensor) {
            var stack = [tensor.value.node]
            while let node = stack.popLast() {
                guard visited.insert(ObjectIdentifier(node)).inserted else { continue }
                kept.append(node)
                guard case .pending(let primitive, let inputs) = node.work else { continue }
                primitives.insert("\(type(of: primitive))")
                if let pointwise = primitive as? Pointwise { functions.insert(pointwise.function) }
                stack += inputs.map(\.node)
            }
        }
    }
}

@Suite("Gradient check")
struct GradientCheckTests {
    @Test("finds a wrong gradient and says where it is")
    func findsErrors() throws {
        // The detached factor is a constant for backward(), and not for the differences.
        let report = try checkGradients(
            of: { $0[0] * $0[1] * $0[1].detach() },
            at: [Tensor([[1.0, 2]], dtype: .float64), Tensor([[0.0, 3]], dtype: .float64)])
        #expect(report.comparisons == 4)
        #expect(!report.isCorrect)
        let mismatch = try #require(report.mismatches.first)
        #expect(report.mismatches.count == 1)
        #expect(mismatch.input == 1)
        #expect(mismatch.element == [0, 1])
        #expect(abs(mismatch.numerical / mismatch.recorded - 2) < 1e-6)
        #expect(report.description.hasPrefix("1 of 4 gradients differ, first that of input 1 at [0, 1]"))
    }

    @Test("a gradient that is not a number is a mismatch")
    func notANumber() throws {
        let report = try checkGradients(of: { $0[0].sqrt() }, at: [Tensor([0.0], dtype: .float64)])
        #expect(!report.isCorrect)
        #expect(report.largestError == .infinity)
    }

    @Test("refuses what cannot be checked")
    func refusals() throws {
        let single = #expect(throws: TensorError.self) { try checkGradients(of: { $0[0] }, at: [Tensor([1.0])]) }
        #expect(single?.message.contains("float32") == true)
        let x = Tensor([1.0], dtype: .float64)
        #expect(throws: TensorError.self) { try checkGradients(of: { $0[0].cast(to: .float32) }, at: [x]) }
        #expect(throws: TensorError.self) { try checkGradients(of: { _ in x }, at: [x]) }
        #expect(throws: TensorError.self) { try checkGradients(of: { $0[0].reshape(7) }, at: [x]) }
    }
}
