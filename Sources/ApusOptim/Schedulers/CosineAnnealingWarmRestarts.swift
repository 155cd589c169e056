import ApusGraph
import Foundation

/// Falls along a cosine that begin anew at the full rate, each `tMult` times as long as the one before
/// (`torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`; Loshchilov & Hutter 2017).
///
/// In epoch t of a fall of T epochs: etaMin + (base − etaMin) · (1 + cos(π · t / T)) / 2, with T = t0, t0 · tMult, …
public final class CosineAnnealingWarmRestarts: LRScheduler {
    private let t0: Int
    private let tMult: Int
    private let etaMin: Double
    /// The epochs since the last beginning.
    private var current: Double
    /// The epochs of the present fall.
    private var period: Double

    /// A scheduler that begins at once.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - t0: the epochs of the first fall, at least 1.
    ///   - tMult: how many times longer each next fall is, at least 1; `1` by default.
    ///   - etaMin: the rate at the end of a fall; `0` by default.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// A `t0` or `tMult` below 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ optimizer: Optimizer, t0: Int, tMult: Int = 1, etaMin: Double = 0, lastEpoch: Int = -1) {
        (self.t0, self.tMult, self.etaMin) = (t0, tMult, etaMin)
        (current, period) = (Double(lastEpoch), Double(t0))
        super.init(optimizer, lastEpoch: lastEpoch) { () throws(TensorError) in
            try SchedulerChecks.atLeastOne(t0, "t0", "CosineAnnealingWarmRestarts")
            try SchedulerChecks.atLeastOne(tMult, "tMult", "CosineAnnealingWarmRestarts")
        }
    }

    override public func rates() -> [Double] {
        baseLRs.map { etaMin + ($0 - etaMin) * (1 + cos(.pi * current / period)) / 2 }
    }

    override public func step() {
        guard lastEpoch >= 0 else { return step(epoch: 0.0) }
        current += 1
        if current >= period {
            current = current.truncatingRemainder(dividingBy: period)
            period *= Double(tMult)
        }
        apply(lastEpoch + 1)
    }

    override public func step(epoch: Int) { step(epoch: Double(epoch)) }

    /// Sets the rates of `epoch`, a point within an epoch: after batch i of n in epoch e, `step(epoch: e + i / n)`.
    ///
    /// A negative epoch is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public func step(epoch: Double) {
        guard epoch >= 0, epoch < 0x1p53 else {
            TensorError.raise(TensorError(name, "the epoch is \(epoch). It must be 0 or more."))
            return
        }
        let first = Double(t0)
        if epoch < first {
            (current, period) = (epoch, first)
        } else if tMult == 1 {
            current = epoch.truncatingRemainder(dividingBy: first)
        } else {
            let growth = Double(tMult)
            let count = (log(epoch / first * (growth - 1) + 1) / log(growth)).rounded(.towardZero)
            current = epoch - first * (pow(growth, count) - 1) / (growth - 1)
            period = first * pow(growth, count)
        }
        apply(Int(epoch))
    }

    private func apply(_ epoch: Int) {
        guard isReady() else { return }
        lastEpoch = epoch
        set(rates())
    }

    override public func stateDict() -> SchedulerState {
        var state = super.stateDict()
        state.numbers["T_cur"] = current
        state.numbers["T_i"] = period
        return state
    }

    override public func load(_ state: SchedulerState) throws {
        let (current, period) = (try state.number("T_cur", name), try state.number("T_i", name))
        try super.load(state)
        (self.current, self.period) = (current, period)
    }
}
