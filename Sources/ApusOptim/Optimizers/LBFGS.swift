import ApusGraph
import ApusNN

/// Steps by an estimate of the curvature from the last gradients (`torch.optim.LBFGS`; Liu & Nocedal 1989).
///
///     optimizer.step {
///         optimizer.zeroGrad()
///         let loss = meanSquaredError(net(x), y)
///         loss.backward()
///         return loss
///     }
///
/// A step makes up to `maxIter` iterations, each of which moves all parameters by t · d: d is the gradient under the
/// inverse Hessian that the last `historySize` changes of the gradient say, t is `lr` (in the very first iteration
/// min(1, 1 / Σ|g|) · lr), or what a search for the strong Wolfe conditions finds. The closure computes the loss and
/// its gradients, and is called once an iteration and more often in a search. It is meant for small problems whose loss
/// does not change from call to call.
public final class LBFGS: Optimizer {
    /// How the length of a step is found.
    public enum LineSearch: String, Sendable, Hashable, CaseIterable {
        /// The strong Wolfe conditions: the loss falls enough, and its slope flattens enough.
        case strongWolfe = "strong_wolfe"
    }

    /// The hyperparameters, which may be changed between steps.
    public struct Options: Sendable {
        /// The learning rate, at least 0.
        public var lr: Double
        /// The iterations of a step.
        public var maxIter: Int
        /// The calls of the closure after which a step ends.
        public var maxEval: Int
        /// A step ends where no element of the gradient is larger.
        public var toleranceGrad: Double
        /// A step ends where neither the loss nor any parameter changes by more.
        public var toleranceChange: Double
        /// How many changes of the gradient are kept.
        public var historySize: Int
        /// How the length of an iteration is found; where it is `nil`, which is the default, it is `lr`.
        public var lineSearch: LineSearch?
        /// Whether the loss is made large instead.
        public var maximize: Bool
    }

    /// The hyperparameters.
    public var options: Options

    /// An optimizer of all parameters.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `1` by default.
    ///   - maxIter: the iterations of a step, at least 1; `20` by default.
    ///   - maxEval: the calls of the closure after which a step ends; ⌊5/4 · maxIter⌋ where it is `nil`, which is the
    ///     default.
    ///   - toleranceGrad: a step ends where no element of the gradient is larger; `1e-7` by default.
    ///   - toleranceChange: a step ends where neither the loss nor any parameter changes by more; `1e-9` by default.
    ///   - historySize: how many changes of the gradient are kept, at least 1; `100` by default.
    ///   - lineSearch: how the length of an iteration is found; where it is `nil`, which is the default, it is `lr`.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, a `maxIter` or `historySize` below 1 and parameters of different types are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ parameters: [Parameter], lr: Double = 1, maxIter: Int = 20, maxEval: Int? = nil,
        toleranceGrad: Double = 1e-7, toleranceChange: Double = 1e-9, historySize: Int = 100,
        lineSearch: LineSearch? = nil, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, maxIter: maxIter, maxEval: maxEval ?? maxIter.multipliedReportingOverflow(by: 5).partialValue / 4,
            toleranceGrad: toleranceGrad, toleranceChange: toleranceChange, historySize: historySize,
            lineSearch: lineSearch, maximize: maximize)
        self.options = options
        super.init(parameters) { () throws(TensorError) in
            try OptionChecks("LBFGS").notNegative(["lr": lr])
            for (name, value) in [("maxIter", maxIter), ("historySize", historySize)] where value < 1 {
                throw TensorError("LBFGS", "\(name) is \(value). It must be 1 or more.")
            }
            guard Set(parameters.map(\.dtype)).count == 1 else {
                throw TensorError("LBFGS", "the parameters have different types. Cast them to one.")
            }
        }
    }

    override public var learningRates: [Double] {
        get { [options.lr] }
        set { options.lr = newValue.first ?? options.lr }
    }

    override public func stateShape(_ name: String, of parameter: Parameter) -> Shape {
        [parameters.reduce(0) { $0 + $1.count }]
    }

    /// An error: a step needs the closure.
    override public func record(_ parameters: [Parameter]) {
        TensorError.raise(
            TensorError(
                "LBFGS",
                "a step computes the loss several times. Call step { … } with a closure that clears the gradients, "
                    + "computes the loss, calls backward() and returns the loss."))
    }

    /// Moves the parameters to a smaller loss; returns the loss before that.
    ///
    /// A loss that cannot be computed is an error (see ``/ApusGraph/withTensorErrors(_:)``); the parameters keep their
    /// values.
    @discardableResult
    override public func step(_ closure: () -> Tensor) -> Tensor {
        guard let first = parameters.first else { return closure() }
        let before = parameters.map(\.data)
        do {
            return try withoutActuallyEscaping(closure) { closure in
                var iteration = LBFGSIteration(parameters, options, LBFGSMemory(state(of: first)), closure)
                let loss = try iteration.run()
                setState(iteration.memory.state, of: first)
                return loss
            }
        } catch {
            for (parameter, data) in zip(parameters, before) { parameter.data = data }
            return .refuse(error as? TensorError ?? TensorError("LBFGS", "\(error)"))
        }
    }
}
