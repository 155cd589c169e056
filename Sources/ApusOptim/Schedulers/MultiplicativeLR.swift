import ApusGraph

/// The rate times a function of the epoch, every epoch (`torch.optim.lr_scheduler.MultiplicativeLR`).
///
/// Epoch e: base · f(1) · f(2) · … · f(e).
public final class MultiplicativeLR: LRScheduler {
    private let factors: [(Int) -> Double]

    /// A scheduler with one function for all groups.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///   - lrLambda: the factor from one epoch to the next, which it is given: 1, 2, ….
    public init(_ optimizer: Optimizer, lastEpoch: Int = -1, lrLambda: @escaping (Int) -> Double) {
        factors = [(Int) -> Double](repeating: lrLambda, count: optimizer.learningRates.count)
        super.init(optimizer, lastEpoch: lastEpoch)
    }

    /// A scheduler with one function a group.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - lrLambdas: for each group the factor from one epoch to the next, which it is given: 1, 2, ….
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// Another number of functions than of groups is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ optimizer: Optimizer, lrLambdas: [(Int) -> Double], lastEpoch: Int = -1) {
        factors = lrLambdas
        super.init(optimizer, lastEpoch: lastEpoch) { () throws(TensorError) in
            try Self.check(lrLambdas.count, optimizer, "MultiplicativeLR")
        }
    }

    static func check(_ count: Int, _ optimizer: Optimizer, _ scheduler: String) throws(TensorError) {
        let groups = optimizer.learningRates.count
        guard count == groups else {
            throw TensorError(
                scheduler,
                "there are \(count) functions, but the optimizer has \(groups) groups of parameters. Give one for each."
            )
        }
    }

    override public func rates() -> [Double] {
        isInitial ? optimizer.learningRates : zip(factors, optimizer.learningRates).map { $1 * $0(lastEpoch) }
    }
}
