import ApusGraph
import ApusPlan
import Foundation
import Synchronization
import Testing

@testable import ApusCUDA

/// Every step can be planned without a GPU, and all kernels that the steps make compile.
@Suite struct CompilationTests {
    /// What the sample steps are computed with: the texts, and the kernels that each must hold.
    private struct Kernels {
        var names: [String: Set<String>] = [:]
        /// The source's name, for messages.
        var sources: [String: String] = [:]
    }

    /// Plans all sample steps; what cannot be planned is an issue by name.
    private func kernels() throws -> Kernels {
        let found = Mutex(Kernels())
        CUDAKernel.$observer.withValue({ kernel in
            found.withLock {
                $0.names[kernel.text, default: []].insert(kernel.name)
                $0.sources[kernel.text] = kernel.source.name
            }
        }) {
            for sample in SampleStep.all {
                do {
                    let step = try sample.description()
                    guard let primitive = sample.primitive as? any CUDALowerable else {
                        Issue.record("\(type(of: sample.primitive)) has no kernel of CUDA")
                        continue
                    }
                    let layouts = try primitive.layouts(for: step)
                    #expect(layouts.inputs.count == step.inputs.count && layouts.outputs.count == step.outputs.count)
                    let prepared = try primitive.lower(step, on: .numbered(0))
                    #expect(!prepared.kernel.isEmpty && prepared.scratchBytes >= 0, "\(sample)")
                } catch {
                    Issue.record("\(sample) cannot be planned: \(error)")
                }
            }
        }
        return found.withLock { $0 }
    }

    @Test func everyStepCanBePlannedWithoutAGPU() throws { _ = try kernels() }

    @Test(
        .enabled(if: TestWheels.hasCompiler, Comment(rawValue: TestWheels.reason)),
        arguments: ["sm_75", "sm_80", "sm_90"])
    func everyKernelCompiles(architecture: String) throws {
        let kernels = try kernels()
        #expect(!kernels.names.isEmpty)
        let compiler = try KernelCompiler(architecture: architecture, folder: nil)
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
