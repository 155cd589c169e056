import ApusGraph
import ApusModels
import ApusNN
import ApusOptim
import ApusTraining

/// A step to time.
struct BenchTask {
    enum Kind: String, CaseIterable {
        case train
        case infer
    }

    let entry: ModelEntry
    let kind: Kind

    static var names: [String] {
        ModelRegistry.entries.flatMap { entry in Kind.allCases.map { "\(entry.name)-\($0.rawValue)" } }
    }

    /// Throws a failure with code 64 for an unknown name.
    init(named name: String) throws {
        for entry in ModelRegistry.entries {
            for kind in Kind.allCases where name == "\(entry.name)-\(kind.rawValue)" {
                (self.entry, self.kind) = (entry, kind)
                return
            }
        }
        throw CommandFailure(
            .usage, "there is no benchmark \"\(name)\". Known benchmarks: \(Self.names.joined(separator: ", ")).")
    }

    /// 10 classes when training is measured, the model's own number in inference.
    private var numClasses: Int { kind == .train ? 10 : entry.defaultNumClasses }

    /// Throws a failure with code 64 for a size that the model does not take.
    ///
    /// Nothing is computed: recording the forward pass tells. A model that takes images of twice its own size takes all
    /// that its layers take. Another one is made for a single size, though a few sizes beside it pass its layers because
    /// pooling rounds down; they would be measured as if they were the model's.
    func check(size: Int) throws {
        let (_, height, width) = entry.inputSize
        guard (size, size) != (height, width) else { return }
        let model = entry.makeModel(numClasses: numClasses).eval()
        do {
            try record(model, 2 * height, 2 * width)
        } catch {
            throw CommandFailure(
                .usage,
                "--size \(size): \(entry.name) is made for images of \(height)x\(width) only. Leave --size out.")
        }
        do {
            try record(model, size, size)
        } catch {
            throw CommandFailure(.usage, "--size \(size): \(entry.name) does not take such images: \(error)")
        }
    }

    /// Records a forward pass of one image; throws the error of the layer that does not take it.
    private func record(_ model: Module, _ height: Int, _ width: Int) throws {
        try withTensorErrors {
            // Also where `APUS_EAGER=1` would compute each operation.
            EvaluationHook.$isEager.withValue(false) {
                _ = noGrad { model(.zeros(1, entry.inputSize.channels, height, width)) }
            }
        }
    }

    /// A step that computes once and returns a number that depends on all of it.
    ///
    /// - Parameters:
    ///   - size: the height and width of the images; the model's own where it is nil.
    func makeStep(
        batch: Int, size: Int?, device: Device, precision: Precision
    ) throws -> () throws -> Double {
        manualSeed(0)
        let net = entry.makeModel(numClasses: numClasses).to(device)
        let own = entry.inputSize
        let images = Tensor.rand(batch, own.channels, size ?? own.height, size ?? own.width).to(device)
        let labels = Tensor.randint(0, numClasses, [batch]).to(device)
        try Tensor.evaluate([images, labels] + net.stateDict().map(\.tensor))
        switch kind {
        case .train:
            let (optimizerName, lr) = (entry.defaults.optimizer, entry.defaults.lr)
            // A rate that suits the model's data set may not suit random images.
            let optimizer = try optimizerName.makeOptimizer(net.parameters(), lr: optimizerName == .sgd ? 0.1 : lr)
            let scaler = GradScaler(isEnabled: precision == .float16)
            return {
                let loss = autocast(precision) { Self.loss(of: net, images, labels) }
                optimizer.zeroGrad()
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
                return loss.item()
            }
        case .infer:
            net.eval()
            return {
                let logits = noGrad { autocast(precision) { net(images) } }
                return try logits.withElements { Double($0.loadUnaligned(as: Float.self)) }
            }
        }
    }

    /// The loss of a training step, with those of auxiliary heads.
    private static func loss(of net: Module, _ images: Tensor, _ labels: Tensor) -> Tensor {
        guard let classifier = net as? any AuxiliaryClassifier else { return crossEntropy(net(images), labels) }
        let (logits, auxiliaries) = classifier.logitsWithAuxiliaries(images)
        return auxiliaries.reduce(crossEntropy(logits, labels)) {
            $0 + crossEntropy($1, labels) * classifier.auxiliaryWeight
        }
    }
}
