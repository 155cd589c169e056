import ApusData
import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim

/// Training from given weights on given images, step by step.
enum TrajectoryCases {
    /// Trains as the case says and compares the losses and the final state.
    ///
    /// Without the data set the case fails: `locator` tells where it was looked for.
    static func run(_ goldenCase: GoldenCase, locator: DatasetLocator) throws {
        let arguments = CaseArguments(goldenCase.arguments)
        guard let modelArguments = arguments.value("model_args")?.members,
            let optimizerArguments = arguments.value("optimizer_args")?.members
        else { throw CaseProblem.malformed("\"args\" lacks model_args or optimizer_args") }
        let model = try ModelCases.build(goldenCase.operation, modelArguments)
        let state = try goldenCase.tensors(named: "param.")
        try model.module.load(StateDict(state.map { ($0.key, $0.value) }), strict: true)
        if goldenCase.isTraining { model.module.train() } else { model.module.eval() }
        let parameters = model.module.parameters()
        let optimizer = try OptimizerCases.build(
            arguments.text("optimizer", default: ""), [(parameters, optimizerArguments)])
        let loss = try LossCases.build(arguments.text("loss", default: ""), [:], tensors: [:])
        let (batchSize, steps) = (try arguments.integer("batch_size"), try arguments.integer("steps"))
        let load = try dataset(arguments)
        try arguments.checkAllRead(goldenCase.operation)

        let data = try load(locator)
        let batches = try indices(goldenCase, steps: steps, batchSize: batchSize, imageCount: data.count)
        var losses: [Float] = []
        for batch in batches {
            let (images, labels) = tensors(data, batch)
            let value = try loss(model.call([images]) + [labels])[0]
            optimizer.zeroGrad()
            value.backward()
            // The loss belongs to the state before the update, also where both run as one plan.
            optimizer.step()
            losses += try value.elements(as: Float.self)
        }
        try compare(goldenCase, Tensor(losses), model.module)
    }

    private static func compare(_ goldenCase: GoldenCase, _ losses: Tensor, _ module: Module) throws {
        var comparison = Comparison()
        try comparison.compare(
            "output.0", losses, goldenCase.requiredTensor("output.0"), goldenCase.tolerance)
        let tolerance = try goldenCase.tolerance(prefix: "after_")
        let state = module.stateDict()
        for (name, expected) in try goldenCase.tensors(named: "after.").sorted(by: { $0.key < $1.key }) {
            if let actual = state[name] {
                try comparison.compare("after.\(name)", actual, expected, tolerance)
            } else {
                comparison.fail("after.\(name)", "the model has no such state")
            }
        }
        try comparison.check()
    }

    private static func dataset(_ arguments: CaseArguments) throws -> (DatasetLocator) throws -> ImageBytes {
        let (name, split) = (try arguments.text("dataset", default: ""), try arguments.text("split", default: ""))
        guard let set = [IDXDataset.fashionMNIST, .mnist].first(where: { $0.name == name }) else {
            throw CaseProblem.unsupported("the data set \"\(name)\" does not exist here")
        }
        guard let part = DatasetSplit(rawValue: split) else {
            throw CaseProblem.malformed("there is no split \"\(split)\"")
        }
        return { try set.load(part, locator: $0) }
    }

    /// The positions of the images of each step.
    private static func indices(
        _ goldenCase: GoldenCase, steps: Int, batchSize: Int, imageCount: Int
    ) throws -> [ArraySlice<Int>] {
        let tensor = try goldenCase.requiredTensor("indices")
        let positions = try tensor.elements(as: Int.self)
        guard tensor.shape == [steps, batchSize], positions.allSatisfy({ (0..<imageCount).contains($0) }) else {
            throw CaseProblem.malformed(
                "\"indices\" \(tensor.shape.brackets) is not [\(steps), \(batchSize)] positions below \(imageCount)")
        }
        return (0..<steps).map { positions[($0 * batchSize)..<(($0 + 1) * batchSize)] }
    }

    /// The images of a batch [N, C, H, W], pixels / 255, and their classes [N].
    private static func tensors(_ data: ImageBytes, _ batch: ArraySlice<Int>) -> (images: Tensor, labels: Tensor) {
        let size = data.channels * data.height * data.width
        var pixels: [Float] = []
        pixels.reserveCapacity(batch.count * size)
        for position in batch {
            pixels += data.images[(position * size)..<((position + 1) * size)].map { Float($0) / 255 }
        }
        let shape: Shape = [batch.count, data.channels, data.height, data.width]
        return (Tensor(pixels, shape: shape), Tensor(batch.map { data.labels[$0] }))
    }
}
