import ApusGraph

/// The base rate times a function of the epoch (`torch.optim.lr_scheduler.LambdaLR`).
///
/// Epoch e: base · f(e).
public final class LambdaLR: LRScheduler {
    private let factors: [(Int) -> Double]

    /// A scheduler with one function for all groups.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///   - lrLambda: the factor of an epoch, counted from 0.
    public init(_ optimizer: Optimizer, lastEpoch: Int = -1, lrLambda: @escaping (Int) -> Double) {
        factors = [(Int) -> Double](repeating: lrLambda, count: optimizer.learningRates.count)
        super.init(optimizer, lastEpoch: lastEpoch)
    }

    /// A scheduler with one function a group.
    ///
    /// - Parameters:
    ///   - optimizer: whose learning rates it sets.
    ///   - lrLambdas: for each group the factor of an epoch, counted from 0.
    ///   - lastEpoch: the last epoch of a training that is resumed, or −1; `-1` by default.
    ///
    /// Another number of functions than of groups is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ optimizer: Optimizer, lrLambdas: [(Int) -> Double], lastEpoch: Int = -1) {
        factors = lrLambdas
        super.init(optimizer, lastEpoch: lastEpoch) { () throws(TensorError) in
            try MultiplicativeLR.check(lrLambdas.count, optimizer, "LambdaLR")
        }
    }

    override public func rates() -> [Double] { zip(factors, baseLRs).map { $1 * $0(lastEpoch) } }
}
