import Apus
import Foundation
import Testing

/// The Swift code of documents compiles: each block stands, line by line, in a source file of the project. What the
/// catalogues' examples print is checked here too.
@Suite struct ArticleTests {
    /// The Swift blocks of a document, and the lines where they begin.
    private func blocks(of document: String) -> [(line: Int, code: [String])] {
        var found: [(line: Int, code: [String])] = []
        var isInside = false
        for (index, line) in document.components(separatedBy: "\n").enumerated() {
            if line == "```swift" {
                isInside = true
                found.append((index + 2, []))
            } else if line.hasPrefix("```") {
                isInside = false
            } else if isInside {
                found[found.count - 1].code.append(line)
            }
        }
        return found
    }

    /// The code alone: without the indentation of its surroundings, empty lines and imports, which the place decides.
    private func essence(_ lines: [String]) -> [String] {
        lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter {
            !$0.isEmpty && !$0.hasPrefix("import ") && !$0.hasPrefix("@testable import ")
        }
    }

    @Test("each Swift block of a document stands in a source file")
    func blocksCompile() throws {
        let documents =
            try Project.files("Documentation", ending: ".md") + ["README.md"]
            + Project.files("Sources", ending: ".md")
        let sources = try ["Sources", "Tests", "Examples"].flatMap { try Project.files($0, ending: ".swift") }
            .map { "\n" + essence(try Project.text($0).components(separatedBy: "\n")).joined(separator: "\n") + "\n" }
        var count = 0
        for document in documents {
            for block in blocks(of: try Project.text(document)) {
                count += 1
                let code = "\n" + essence(block.code).joined(separator: "\n") + "\n"
                #expect(sources.contains { $0.contains(code) }, "\(document):\(block.line)")
            }
        }
        #expect(count >= 10)
    }

    @Test("the README names every optimizer of the program, and the examples' README every example")
    func listsAreWhole() throws {
        let readme = try Project.text("README.md")
        let optimizers = TrainingDefaults.OptimizerName.allCases.map(\.rawValue)
        #expect(optimizers.filter { !readme.contains("`\($0)`") } == [])
        let list = try Project.text("Examples/README.md")
        let examples = Set(try Project.files("Examples", ending: ".swift").map { $0.split(separator: "/")[1] })
        #expect(examples.contains("LinearLayer"))
        #expect(examples.filter { !list.contains("`\($0)`") }.sorted() == [])
    }

    @Test func layers() throws {
        final class Classifier: Module {
            let features = Sequential(Conv2d(1, 8, kernelSize: 3, padding: 1), ReLU(), MaxPool2d(2))
            let head = Linear(8 * 14 * 14, 10)
            override func forward(_ image: Tensor) -> Tensor { head(features(image).flatten(from: 1)) }
        }

        let net = Classifier()
        let images = Tensor.rand(4, 1, 28, 28)
        let loss = crossEntropy(net(images), Tensor([3, 1, 4, 1]))
        loss.backward()

        #expect(loss.item() > 0)
        #expect(net.parameters().allSatisfy { $0.grad != nil })
    }

    @Test func nothingInPlace() {
        let x = Tensor([-1.0, 2.0])
        var y = x
        y += 1  // y is a new tensor
        y[0] = 5.0  // and again
        print(x)  // tensor([-1.,  2.])
        print(y)  // tensor([5., 3.])

        let activation = ReLU(inplace: true)
        print(activation)  // ReLU(inplace=True)
        print(activation(x))  // tensor([0., 2.])
        print(x)  // tensor([-1.,  2.]): as before

        #expect("\(x)" == "tensor([-1.,  2.])")
        #expect("\(y)" == "tensor([5., 3.])")
        #expect("\(activation)" == "ReLU(inplace=True)")
        #expect("\(activation(x))" == "tensor([0., 2.])")
    }

    @Test func optimizers() {
        let net = Linear(4, 1)
        let optimizer = SGD(net.parameters(), lr: 0.1, momentum: 0.9)
        let scheduler = StepLR(optimizer, stepSize: 10, gamma: 0.5)
        for _ in 0..<20 {
            let loss = mseLoss(net(Tensor.ones(8, 4)), Tensor.zeros(8, 1))
            optimizer.zeroGrad()
            loss.backward()
            optimizer.step()  // here the whole step runs, as one plan
            scheduler.step()
        }
        print(optimizer.lr)  // 0.025

        #expect(optimizer.lr == 0.025)
    }

    /// On a GPU; a CPU says that it has no kernels for it.
    @Test func lossScaling() throws {
        let net = Linear(4, 2).to(.best)
        let before: [Float] = net.weight.data.array()
        let loader = [0, 1].map { label in
            (Tensor.full([3, 4], 0.5 - Double(label)).to(.best), Tensor([label, label, label]).to(.best))
        }
        func train() {
            let optimizer = SGD(net.parameters(), lr: 0.1)
            let scaler = GradScaler()
            for (images, labels) in loader {
                let loss = autocast(.float16) { crossEntropy(net(images), labels) }
                optimizer.zeroGrad()
                scaler.scale(loss).backward()
                scaler.unscale(optimizer)  // only where gradients are clipped or looked at
                clipGradNorm(net.parameters(), maxNorm: 1)
                scaler.step(optimizer)
                scaler.update()
            }
        }
        if Device.best == .cpu {
            let error = #expect(throws: TensorError.self) { try withTensorErrors { train() } }
            #expect(error?.description.contains("CPUs have no kernels for float16") == true)
            #expect(net.weight.data.array() == before)
        } else {
            train()
            #expect(net.weight.data.array() != before)
        }
    }

    @Test func models() throws {
        let net = ResNet(.resNet18, numClasses: 10)
        print(net(.zeros(2, 3, 224, 224)).shape)  // torch.Size([2, 10])

        let entry = try ModelRegistry.entry(named: "trashnet")
        print(entry.defaults.lr)  // 0.9
        let small = entry.makeModel(numClasses: 10, inChannels: 3)
        print(small.parameters().map(\.count).reduce(0, +))  // 133514

        #expect("\(net(.zeros(2, 3, 224, 224)).shape)" == "torch.Size([2, 10])")
        #expect(entry.defaults.lr == 0.9)
        #expect(small.parameters().map(\.count).reduce(0, +) == 133_514)
    }

    @Test func tensors() {
        let w = Tensor([2.0, -1.0]).requiringGrad()
        let y = (w * w).sum()
        y.backward()
        print(y)  // tensor(5., grad_fn=<SumBackward0>)
        if let slope = w.grad { print(slope) }  // tensor([ 4., -2.])

        #expect("\(y)" == "tensor(5., grad_fn=<SumBackward0>)")
        #expect(w.grad.map { "\($0)" } == "tensor([ 4., -2.])")
    }

    @Test func functions() {
        let x = Tensor.arange(6).reshape(2, 3).cast(to: .float32)
        print(x.sum(dim: 1))  // tensor([ 3., 12.])
        print(x.T.matmul(x).shape)  // torch.Size([3, 3])
        print((x * 2).where(x .> 2, else: 0))

        #expect("\(x.sum(dim: 1))" == "tensor([ 3., 12.])")
        #expect("\(x.T.matmul(x).shape)" == "torch.Size([3, 3])")
        #expect((x * 2).where(x .> 2, else: 0).array() == [0, 0, 0, 6, 8, 10])
    }
}
