import ApusGraph
import ApusNN
import ApusOptim

/// Parameters and the arguments of the group that they are in.
typealias OptimizerGroup = (parameters: [Parameter], arguments: CaseArguments)

/// Makes an optimizer of its groups.
typealias OptimizerBuilder = @Sendable ([OptimizerGroup]) throws -> Optimizer

extension OptimizerCases {
    /// The optimizers by their PyTorch names; a new one is one entry.
    static let all: [String: OptimizerBuilder] = [
        "SGD": grouped(SGD.init) {
            SGD.Options(
                lr: try $0.number("lr", default: 1e-3), momentum: try $0.number("momentum", default: 0),
                dampening: try $0.number("dampening", default: 0),
                weightDecay: try $0.number("weight_decay", default: 0),
                nesterov: try $0.boolean("nesterov", default: false),
                maximize: try $0.boolean("maximize", default: false))
        },
        "Adam": grouped(Adam.init) { try adam($0, weightDecay: 0) },
        "AdamW": grouped(AdamW.init) { try adam($0, weightDecay: 0.01) },
        "NAdam": grouped(NAdam.init) {
            NAdam.Options(
                lr: try $0.number("lr", default: 2e-3), betas: try $0.pair("betas", default: (0.9, 0.999)),
                eps: try $0.number("eps", default: 1e-8), weightDecay: try $0.number("weight_decay", default: 0),
                momentumDecay: try $0.number("momentum_decay", default: 4e-3),
                decoupledWeightDecay: try $0.boolean("decoupled_weight_decay", default: false),
                maximize: try $0.boolean("maximize", default: false))
        },
        "RAdam": grouped(RAdam.init) {
            RAdam.Options(
                lr: try $0.number("lr", default: 1e-3), betas: try $0.pair("betas", default: (0.9, 0.999)),
                eps: try $0.number("eps", default: 1e-8), weightDecay: try $0.number("weight_decay", default: 0),
                decoupledWeightDecay: try $0.boolean("decoupled_weight_decay", default: false),
                maximize: try $0.boolean("maximize", default: false))
        },
        "Adamax": grouped(Adamax.init) {
            Adamax.Options(
                lr: try $0.number("lr", default: 2e-3), betas: try $0.pair("betas", default: (0.9, 0.999)),
                eps: try $0.number("eps", default: 1e-8), weightDecay: try $0.number("weight_decay", default: 0),
                maximize: try $0.boolean("maximize", default: false))
        },
        "RMSprop": grouped(RMSprop.init) {
            RMSprop.Options(
                lr: try $0.number("lr", default: 1e-2), alpha: try $0.number("alpha", default: 0.99),
                eps: try $0.number("eps", default: 1e-8), weightDecay: try $0.number("weight_decay", default: 0),
                momentum: try $0.number("momentum", default: 0),
                centered: try $0.boolean("centered", default: false),
                maximize: try $0.boolean("maximize", default: false))
        },
        "Adagrad": grouped(Adagrad.init) {
            Adagrad.Options(
                lr: try $0.number("lr", default: 1e-2), lrDecay: try $0.number("lr_decay", default: 0),
                weightDecay: try $0.number("weight_decay", default: 0),
                initialAccumulatorValue: try $0.number("initial_accumulator_value", default: 0),
                eps: try $0.number("eps", default: 1e-10), maximize: try $0.boolean("maximize", default: false))
        },
        "Adadelta": grouped(Adadelta.init) {
            Adadelta.Options(
                lr: try $0.number("lr", default: 1), rho: try $0.number("rho", default: 0.9),
                eps: try $0.number("eps", default: 1e-6), weightDecay: try $0.number("weight_decay", default: 0),
                maximize: try $0.boolean("maximize", default: false))
        },
        "Rprop": grouped(Rprop.init) {
            Rprop.Options(
                lr: try $0.number("lr", default: 1e-2), etas: try $0.pair("etas", default: (0.5, 1.2)),
                stepSizes: try $0.pair("step_sizes", default: (1e-6, 50)),
                maximize: try $0.boolean("maximize", default: false))
        },
        "ASGD": grouped(ASGD.init) {
            ASGD.Options(
                lr: try $0.number("lr", default: 1e-2), lambd: try $0.number("lambd", default: 1e-4),
                alpha: try $0.number("alpha", default: 0.75), t0: try $0.number("t0", default: 1e6),
                weightDecay: try $0.number("weight_decay", default: 0),
                maximize: try $0.boolean("maximize", default: false))
        },
        "Adafactor": grouped(Adafactor.init) {
            Adafactor.Options(
                lr: try $0.number("lr", default: 1e-2), beta2Decay: try $0.number("beta2_decay", default: -0.8),
                eps: try adafactorPrecision($0), d: try $0.number("d", default: 1),
                weightDecay: try $0.number("weight_decay", default: 0),
                maximize: try $0.boolean("maximize", default: false))
        },
        "Muon": grouped(Muon.init) {
            Muon.Options(
                lr: try $0.number("lr", default: 1e-3), weightDecay: try $0.number("weight_decay", default: 0.1),
                momentum: try $0.number("momentum", default: 0.95),
                nesterov: try $0.boolean("nesterov", default: true), nsCoefficients: try muonCoefficients($0),
                eps: try $0.number("eps", default: 1e-7), nsSteps: try $0.integer("ns_steps", default: 5),
                adjustLR: try $0.choice("adjust_lr_fn", default: .original))
        },
        "LBFGS": { groups in
            guard groups.count == 1, let (parameters, arguments) = groups.first else {
                throw CaseProblem.inexpressible("LBFGS takes no groups of parameters")
            }
            return LBFGS(
                parameters, lr: try arguments.number("lr", default: 1),
                maxIter: try arguments.integer("max_iter", default: 20),
                maxEval: try arguments.optionalInteger("max_eval"),
                toleranceGrad: try arguments.number("tolerance_grad", default: 1e-7),
                toleranceChange: try arguments.number("tolerance_change", default: 1e-9),
                historySize: try arguments.integer("history_size", default: 100),
                lineSearch: try arguments.optionalText("line_search_fn").map { name in
                    guard let search = LBFGS.LineSearch(rawValue: name) else {
                        throw CaseProblem.inexpressible("there is no line search \(name)")
                    }
                    return search
                },
                maximize: try arguments.boolean("maximize", default: false))
        },
    ]

    /// The builder of an optimizer that takes groups.
    private static func grouped<Options: OptimizerOptions>(
        _ make: @escaping @Sendable ([ParameterGroup<Options>]) -> Optimizer,
        _ options: @escaping @Sendable (CaseArguments) throws -> Options
    ) -> OptimizerBuilder {
        { groups in make(try groups.map { ParameterGroup($0.parameters, try options($0.arguments)) }) }
    }

    private static func adam(_ arguments: CaseArguments, weightDecay: Double) throws -> Adam.Options {
        Adam.Options(
            lr: try arguments.number("lr", default: 1e-3), betas: try arguments.pair("betas", default: (0.9, 0.999)),
            eps: try arguments.number("eps", default: 1e-8),
            weightDecay: try arguments.number("weight_decay", default: weightDecay),
            amsgrad: try arguments.boolean("amsgrad", default: false),
            maximize: try arguments.boolean("maximize", default: false),
            decoupledWeightDecay: try arguments.boolean("decoupled_weight_decay", default: false))
    }

    private static func adafactorPrecision(_ arguments: CaseArguments) throws -> (Double?, Double) {
        guard case .list(let values)? = arguments.value("eps") else { return (nil, 1e-3) }
        guard values.count == 2, let second = values[1].number else {
            throw CaseProblem.inexpressible("the argument eps is not two numbers")
        }
        return (values[0].number, second)
    }

    private static func muonCoefficients(_ arguments: CaseArguments) throws -> (Double, Double, Double) {
        guard let values = try arguments.optionalNumbers("ns_coefficients") else { return (3.4445, -4.775, 2.0315) }
        guard values.count == 3 else {
            throw CaseProblem.inexpressible("the argument ns_coefficients is not three numbers")
        }
        return (values[0], values[1], values[2])
    }
}
