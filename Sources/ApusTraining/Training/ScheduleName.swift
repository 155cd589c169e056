import ApusOptim

/// The learning rate schedules that the program knows by name; all span the whole run, update by update.
public enum ScheduleName: String, Sendable, Hashable, CaseIterable {
    /// The same rate throughout.
    case constant
    /// A tenth from the half of the run on, a hundredth from three quarters on (He et al. 2015, section 4.2).
    case step
    /// From the rate to 0 along half a cosine: ``/ApusOptim/CosineAnnealingLR``.
    case cosine
    /// ``/ApusOptim/OneCycleLR`` with its defaults; the rate is its largest.
    case onecycle
    /// In a straight line from a fifth of the rate up to it, over the first 23 % of the run, then in a straight line to 0
    /// (Jordan 2024, arXiv:2404.00498).
    case triangle

    /// Makes the scheduler of a run; nil for a constant rate.
    ///
    /// - Parameters:
    ///   - optimizer: whose rate is set; its rate now is the largest.
    ///   - updates: the updates of the whole run, at least 1.
    public func makeScheduler(_ optimizer: Optimizer, updates: Int) -> LRScheduler? {
        switch self {
        case .constant: nil
        case .step: MultiStepLR(optimizer, milestones: [updates / 2, updates * 3 / 4])
        case .cosine: CosineAnnealingLR(optimizer, tMax: updates)
        case .onecycle: OneCycleLR(optimizer, maxLR: optimizer.lr, totalSteps: updates)
        case .triangle:
            LambdaLR(optimizer) { update in
                let (now, all) = (Double(update), Double(updates))
                let rise = 0.23 * all
                return now < rise ? 0.2 + 0.8 * now / rise : max(0, (all - now) / (all - rise))
            }
        }
    }
}
