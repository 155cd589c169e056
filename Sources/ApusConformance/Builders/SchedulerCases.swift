import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim

/// Cases of schedulers: the learning rates of 40 epochs.
enum SchedulerCases {
    /// Makes a scheduler of an optimizer.
    typealias Builder = @Sendable (Optimizer, CaseArguments) throws -> LRScheduler

    /// The schedulers by their PyTorch names; a new one is one entry. Those of functions cannot stand in a file.
    private static let all: [String: Builder] = [
        "StepLR": { optimizer, arguments in
            StepLR(
                optimizer, stepSize: try arguments.integer("step_size"),
                gamma: try arguments.number("gamma", default: 0.1), lastEpoch: try arguments.lastEpoch())
        },
        "MultiStepLR": { optimizer, arguments in
            MultiStepLR(
                optimizer, milestones: try arguments.integers("milestones"),
                gamma: try arguments.number("gamma", default: 0.1), lastEpoch: try arguments.lastEpoch())
        },
        "ConstantLR": { optimizer, arguments in
            ConstantLR(
                optimizer, factor: try arguments.number("factor", default: 1.0 / 3),
                totalIters: try arguments.integer("total_iters", default: 5), lastEpoch: try arguments.lastEpoch())
        },
        "LinearLR": { optimizer, arguments in
            LinearLR(
                optimizer, startFactor: try arguments.number("start_factor", default: 1.0 / 3),
                endFactor: try arguments.number("end_factor", default: 1),
                totalIters: try arguments.integer("total_iters", default: 5), lastEpoch: try arguments.lastEpoch())
        },
        "ExponentialLR": { optimizer, arguments in
            ExponentialLR(
                optimizer, gamma: try arguments.number("gamma"), lastEpoch: try arguments.lastEpoch())
        },
        "PolynomialLR": { optimizer, arguments in
            PolynomialLR(
                optimizer, totalIters: try arguments.integer("total_iters", default: 5),
                power: try arguments.number("power", default: 1), lastEpoch: try arguments.lastEpoch())
        },
        "CosineAnnealingLR": { optimizer, arguments in
            CosineAnnealingLR(
                optimizer, tMax: try arguments.integer("T_max"), etaMin: try arguments.number("eta_min", default: 0),
                lastEpoch: try arguments.lastEpoch())
        },
        "CosineAnnealingWarmRestarts": { optimizer, arguments in
            CosineAnnealingWarmRestarts(
                optimizer, t0: try arguments.integer("T_0"), tMult: try arguments.integer("T_mult", default: 1),
                etaMin: try arguments.number("eta_min", default: 0), lastEpoch: try arguments.lastEpoch())
        },
        "CyclicLR": { optimizer, arguments in
            CyclicLR(
                optimizer, baseLR: try arguments.groupValues("base_lr"), maxLR: try arguments.groupValues("max_lr"),
                stepSizeUp: try arguments.integer("step_size_up", default: 2000),
                stepSizeDown: try arguments.optionalInteger("step_size_down"),
                mode: try arguments.choice("mode", default: .triangular),
                gamma: try arguments.number("gamma", default: 1),
                scaleMode: try arguments.choice("scale_mode", default: .cycle),
                cycleMomentum: try arguments.boolean("cycle_momentum", default: true),
                baseMomentum: try arguments.groupValues("base_momentum", default: 0.8),
                maxMomentum: try arguments.groupValues("max_momentum", default: 0.9),
                lastEpoch: try arguments.lastEpoch())
        },
        "OneCycleLR": { try oneCycle($0, $1) },
        "ReduceLROnPlateau": { optimizer, arguments in
            ReduceLROnPlateau(
                optimizer, mode: try arguments.choice("mode", default: .min),
                factor: try arguments.number("factor", default: 0.1),
                patience: try arguments.integer("patience", default: 10),
                threshold: try arguments.number("threshold", default: 1e-4),
                thresholdMode: try arguments.choice("threshold_mode", default: .rel),
                cooldown: try arguments.integer("cooldown", default: 0),
                minLR: try arguments.groupValues("min_lr", default: 0.0),
                eps: try arguments.number("eps", default: 1e-8))
        },
        "SequentialLR": { optimizer, arguments in
            SequentialLR(
                optimizer, schedulers: try schedulers(optimizer, arguments),
                milestones: try arguments.integers("milestones"), lastEpoch: try arguments.lastEpoch())
        },
        "ChainedScheduler": { optimizer, arguments in
            ChainedScheduler(try schedulers(optimizer, arguments), optimizer: optimizer)
        },
    ]

    private static func oneCycle(_ optimizer: Optimizer, _ arguments: CaseArguments) throws -> OneCycleLR {
        let epochs = try arguments.optionalInteger("epochs")
        let stepsPerEpoch = try arguments.optionalInteger("steps_per_epoch")
        let maxLR = try arguments.groupValues("max_lr")
        let start = try arguments.number("pct_start", default: 0.3)
        let strategy: OneCycleLR.AnnealStrategy = try arguments.choice("anneal_strategy", default: .cos)
        let cycles = try arguments.boolean("cycle_momentum", default: true)
        let baseMomentum = try arguments.groupValues("base_momentum", default: 0.85)
        let maxMomentum = try arguments.groupValues("max_momentum", default: 0.95)
        let divisor = try arguments.number("div_factor", default: 25)
        let finalDivisor = try arguments.number("final_div_factor", default: 1e4)
        let threePhase = try arguments.boolean("three_phase", default: false)
        let lastEpoch = try arguments.lastEpoch()
        if let totalSteps = try arguments.optionalInteger("total_steps") {
            return OneCycleLR(
                optimizer, maxLR: maxLR, totalSteps: totalSteps, pctStart: start, annealStrategy: strategy,
                cycleMomentum: cycles, baseMomentum: baseMomentum, maxMomentum: maxMomentum, divFactor: divisor,
                finalDivFactor: finalDivisor, threePhase: threePhase, lastEpoch: lastEpoch)
        }
        guard let epochs, let stepsPerEpoch else {
            throw CaseProblem.inexpressible("OneCycleLR needs total_steps, or epochs and steps_per_epoch")
        }
        return OneCycleLR(
            optimizer, maxLR: maxLR, epochs: epochs, stepsPerEpoch: stepsPerEpoch, pctStart: start,
            annealStrategy: strategy, cycleMomentum: cycles, baseMomentum: baseMomentum, maxMomentum: maxMomentum,
            divFactor: divisor, finalDivFactor: finalDivisor, threePhase: threePhase, lastEpoch: lastEpoch)
    }

    /// The schedulers that another one is made of, in order of construction.
    private static func schedulers(_ optimizer: Optimizer, _ arguments: CaseArguments) throws -> [LRScheduler] {
        guard case .list(let entries)? = arguments.value("schedulers") else {
            throw CaseProblem.inexpressible("the argument schedulers is no list")
        }
        return try entries.map { entry in
            guard let members = entry.members, let operation = members["op"]?.string else {
                throw CaseProblem.malformed("an entry of \"schedulers\" has no \"op\"")
            }
            return try build(operation, members["args"]?.members ?? [:], optimizer)
        }
    }

    /// Makes the scheduler; throws `unsupported` where it does not exist here.
    static func build(
        _ operation: String, _ arguments: [String: ArgumentValue], _ optimizer: Optimizer
    ) throws -> LRScheduler {
        guard let builder = all[operation] else {
            throw CaseProblem.unsupported("the scheduler \(operation) does not exist here")
        }
        let arguments = CaseArguments(arguments)
        let scheduler = try builder(optimizer, arguments)
        try arguments.checkAllRead(operation)
        return scheduler
    }

    /// The optimizer of calls that must be refused: SGD with the rate 0.1.
    static func usualOptimizer() -> Optimizer { SGD([Parameter(.ones([2]))], lr: 0.1) }

    /// Compares the rates, and the momenta where the case has them, of all epochs.
    static func run(_ goldenCase: GoldenCase) throws {
        let optimizer = try optimizer(goldenCase)
        let scheduler = try build(goldenCase.operation, goldenCase.arguments, optimizer)
        let expected = try goldenCase.requiredTensor("output.0")
        let metrics = try goldenCase.tensor("input.0")?.elements(as: Double.self)
        guard let epochs = expected.shape.first, expected.rank == 1 || expected.rank == 2 else {
            throw CaseProblem.malformed("\"output.0\" has shape \(expected.shape.brackets)")
        }
        var rates: [[Double]] = []
        var momenta: [[Double]] = []
        for epoch in 0..<epochs {
            rates.append(optimizer.learningRates)
            momenta.append(optimizer.momenta ?? [])
            guard epoch + 1 < epochs else { break }
            if let plateau = scheduler as? ReduceLROnPlateau {
                guard let metrics, metrics.indices.contains(epoch) else {
                    throw CaseProblem.malformed("\"input.0\" has no measure of epoch \(epoch)")
                }
                plateau.step(metrics[epoch])
            } else {
                scheduler.step()
            }
        }
        var comparison = Comparison()
        try comparison.compare("output.0", tensor(rates, expected), expected, goldenCase.tolerance)
        if let expected = try goldenCase.tensor("output.1") {
            try comparison.compare("output.1", tensor(momenta, expected), expected, goldenCase.tolerance)
        }
        try comparison.check()
    }

    /// The numbers of all epochs in the form of the expected ones: of all groups, or of the first.
    private static func tensor(_ values: [[Double]], _ expected: Tensor) throws -> Tensor {
        let groups = expected.rank == 2 ? expected.shape[1] : 1
        guard values.allSatisfy({ expected.rank == 2 ? $0.count == groups : $0.count >= 1 }) else {
            throw CaseProblem.mismatch("there are not \(groups) numbers an epoch")
        }
        return Tensor(
            values.flatMap { expected.rank == 2 ? $0 : [$0[0]] }, shape: expected.shape, dtype: expected.dtype)
    }

    /// The optimizer of a case, with a group for each of its `group_lrs`.
    private static func optimizer(_ goldenCase: GoldenCase) throws -> Optimizer {
        guard let members = try goldenCase.json("optimizer")?.members, let operation = members["op"]?.string else {
            throw CaseProblem.malformed("the metadata's \"optimizer\" has no \"op\"")
        }
        let arguments = members["args"]?.members ?? [:]
        guard let rates = try goldenCase.json("group_lrs") else {
            return try OptimizerCases.build(operation, [([Parameter(.ones([2]))], arguments)])
        }
        guard case .list(let rates) = rates else { throw CaseProblem.malformed("\"group_lrs\" is no list") }
        let groups = rates.map { rate in
            (parameters: [Parameter(.ones([2]))], arguments: arguments.merging(["lr": rate]) { _, new in new })
        }
        return try OptimizerCases.build(operation, groups)
    }
}

extension CaseArguments {
    fileprivate func lastEpoch() throws -> Int { try integer("last_epoch", default: -1) }

    /// A number for all groups or one for each.
    fileprivate func groupValues(_ name: String, default fallback: Double? = nil) throws -> any GroupValues {
        if let list = try? optionalNumbers(name) { return list }
        return try fallback.map { try number(name, default: $0) } ?? number(name)
    }
}
