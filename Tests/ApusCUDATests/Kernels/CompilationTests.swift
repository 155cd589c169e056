import ApusGraph
import ApusPlan
import ApusTestSupport
import Foundation
import Synchronization
import Testing

@testable import ApusCUDA

/// Every step can be planned without a GPU, and all kernels that the steps make compile.
@Suite struct CompilationTests {
    /// Steps that are refused, since plans for a GPU do not hold them: the engine makes them where a backend asks for them.
    private static let neverPlanned: Set<String> = ["FusedAveragePoolGradient", "FusedConvolutionPool"]

    /// What the sample steps are computed with: the texts, and the kernels that each must hold.
    private struct Kernels {
        var names: [String: Set<String>] = [:]
        /// The source's name, for messages.
        var sources: [String: String] = [:]
        /// Why steps cannot be planned.
        var problems: Set<String> = []
    }

    /// Plans all sample steps.
    private func kernels() -> Kernels {
        let found = Mutex(Kernels())
        let observer: @Sendable (CUDAKernel) -> Void = { kernel in
            found.withLock {
                $0.names[kernel.text, default: []].insert(kernel.name)
                $0.sources[kernel.text] = kernel.source.name
            }
        }
        CUDAKernel.$observer.withValue(observer) {
            for sample in SampleStep.all {
                if let problem = problem(of: sample) { found.withLock { _ = $0.problems.insert(problem) } }
            }
        }
        return found.withLock { $0 }
    }

    private func problem(of sample: SampleStep) -> String? {
        guard let primitive = sample.primitive as? any CUDALowerable else {
            return "\(type(of: sample.primitive)) has no kernel of CUDA"
        }
        do {
            let step = try sample.step()
            if Self.neverPlanned.contains("\(type(of: primitive))") {
                return CUDABackend(.numbered(0)).canFuse(step) ? "\(sample) is refused, but asked for" : nil
            }
            var planned = step
            let layouts = try primitive.layouts(for: step, on: .numbered(0))
            for (index, layout) in layouts.inputs.enumerated() { planned.inputs[index].layout = layout }
            for (index, layout) in layouts.outputs.enumerated() { planned.outputs[index].layout = layout }
            // The layout pass knows both sides of a conversion; it never asks.
            if primitive is Relayout { planned = step }
            let prepared = try primitive.lower(planned, on: .numbered(0))
            guard layouts.inputs.count == step.inputs.count, layouts.outputs.count == step.outputs.count,
                !prepared.kernel.isEmpty, prepared.scratchBytes >= 0
            else { return "\(sample) is planned wrongly" }
            return nil
        } catch {
            return "\(sample) cannot be planned: \(error)"
        }
    }

    @Test func everyStepCanBePlannedWithoutAGPU() {
        for problem in kernels().problems.sorted() { Issue.record("\(problem)") }
    }

    @Test(
        .enabled(if: TestWheels.hasCompiler, Comment(rawValue: TestWheels.reason)),
        arguments: ["sm_75", "sm_80", "sm_90"])
    func everyKernelCompiles(architecture: String) throws {
        let kernels = kernels()
        #expect(!kernels.names.isEmpty)
        // What has compiled before is read from there: compiling everything takes minutes.
        let folder = URL(fileURLWithPath: ProjectFolder.file(".build/cuda-kernels"))
        let compiler = try KernelCompiler(architecture: architecture, folder: folder)
        let problems = Mutex<[String]>([])
        let texts = kernels.names.keys.sorted()
        DispatchQueue.concurrentPerform(iterations: texts.count) { index in
            let text = texts[index]
            do {
                let image = Data(try compiler.image(of: text, name: kernels.sources[text] ?? "?"))
                for name in kernels.names[text] ?? [] where image.range(of: Data(".text.\(name)\0".utf8)) == nil {
                    problems.withLock { $0.append("\(kernels.sources[text] ?? "?") has no kernel \(name)") }
                }
            } catch {
                problems.withLock { $0.append("\(error)") }
            }
        }
        for problem in problems.withLock({ $0.sorted() }) { Issue.record("\(problem)") }
    }
}
