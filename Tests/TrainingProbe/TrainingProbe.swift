// Trains a small network on one batch for as many steps as the argument says, and prints after each of some steps one
// line: the step, the plans made, the plans found in the cache, the blocks of memory taken from the system, and the
// resident pages of the process. A program of its own, since these figures are those of a whole process.
import Apus
import Foundation

@main
struct TrainingProbe {
    static func main() throws {
        let steps = CommandLine.arguments.last.flatMap { Int($0) } ?? 10
        manualSeed(0)
        let net = Sequential(
            Conv2d(1, 4, kernelSize: 3), Sigmoid(), MaxPool2d(2), Flatten(), Linear(36, 16), ReLU(), Linear(16, 10))
        let optimizer = Adam(net.parameters(), lr: 0.001)
        for step in 1...steps {
            // New tensors in every step, as a loader makes them.
            let images = Tensor([Float](repeating: Float(step % 7) / 7, count: 32 * 64), shape: [32, 1, 8, 8])
            let labels = Tensor((0..<32).map { Int64(($0 + step) % 10) })
            let logits = net(images)
            let loss = crossEntropy(logits, labels)
            let correct = Accuracy.correctCount(logits, labels)
            optimizer.zeroGrad()
            loss.backward()
            optimizer.step()
            let (lossValue, correctCount) = (loss.item(), correct.item(as: Int.self))
            precondition(lossValue.isFinite && (0...32).contains(correctCount), "the step computed nonsense")
            if step <= 10 || step % 100 == 0 {
                let engine = Engine.shared.counters
                print(
                    step, engine.plansMade, engine.cacheHits, StoragePool.counters.allocations,
                    try residentPages())
            }
        }
    }

    /// The second number of the process's statm file (proc(5)): resident pages.
    private static func residentPages() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return Int(text.split(separator: " ")[1]) ?? 0
    }
}
