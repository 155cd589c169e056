import ApusGraph
import ApusNN

/// ``Adam`` with weight decay apart from the gradient (`torch.optim.AdamW`; Loshchilov & Hutter 2019).
///
/// θ ← θ − lr · weightDecay · θ, then Adam's step by the gradient alone. The decay is 0.01 unless it is given.
public final class AdamW: Adam {
    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `1e-3` by default.
    ///   - betas: β₁ and β₂, the decay of the means of g and g², in 0 ..< 1; `(0.9, 0.999)` by default.
    ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
    ///   - weightDecay: what is taken from θ in each step, times `lr`, at least 0; `0.01` by default.
    ///   - amsgrad: whether the largest v so far stands in place of v; `false` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// What ``Adam`` refuses is an error.
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
        weightDecay: Double = 0.01, amsgrad: Bool = false, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad, maximize: maximize,
            decoupledWeightDecay: true)
        self.init([ParameterGroup(parameters, options)])
    }

    /// An optimizer of groups with hyperparameters of their own, all with the decay apart from the gradient.
    override public init(_ groups: [ParameterGroup<Options>]) {
        super.init(
            groups.map { group in
                var group = group
                group.options.decoupledWeightDecay = true
                return group
            })
    }
}
