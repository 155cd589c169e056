import ApusGraph
import Foundation

/// Which images an epoch goes through, and in what order (`torch.utils.data.Sampler`).
public protocol Sampler: Sendable {
    /// The number of images in an epoch of a data set of `count` images.
    func length(of count: Int) -> Int

    /// The positions of the images in the order of an epoch: `length(of: count)` of `0 ..< count`.
    ///
    /// - Parameters:
    ///   - count: the number of images in the data set.
    ///   - seed: what random orders depend on, beside the epoch.
    ///   - epoch: the epoch, from 0 on.
    func order(of count: Int, seed: UInt64, epoch: Int) -> [Int]

    /// Whether an image may come more than once in an epoch; each appearance then has random draws of its own.
    var mayRepeat: Bool { get }
}

extension Sampler {
    public var mayRepeat: Bool { false }
}

/// The data set's order (`torch.utils.data.SequentialSampler`).
public struct SequentialSampler: Sampler {
    public init() {}
    public func length(of count: Int) -> Int { count }
    public func order(of count: Int, seed: UInt64, epoch: Int) -> [Int] { Array(0..<count) }
}

/// A random order (`torch.utils.data.RandomSampler`).
public struct RandomSampler: Sampler {
    public let replacement: Bool
    public let numSamples: Int?

    /// - Parameters:
    ///   - replacement: draw each image from all, so that some come twice and others not at all.
    ///   - numSamples: images in an epoch, at least 1; as many as there are unless given. Without replacement, orders
    ///     follow one another where it is more than there are.
    public init(replacement: Bool = false, numSamples: Int? = nil) {
        precondition(
            numSamples.map { $0 > 0 } ?? true, "RandomSampler: numSamples \(numSamples ?? 0) is not at least 1")
        (self.replacement, self.numSamples) = (replacement, numSamples)
    }

    public func length(of count: Int) -> Int { count == 0 ? 0 : numSamples ?? count }
    public var mayRepeat: Bool { replacement || numSamples != nil }

    public func order(of count: Int, seed: UInt64, epoch: Int) -> [Int] {
        let length = length(of: count)
        let generator = EpochOrder.generator(seed: seed, epoch: epoch)
        if replacement {
            var random = TransformRandom(generator: generator)
            return (0..<length).map { _ in random.below(count) }
        }
        var order: [Int] = []
        while order.count < length { order += generator.permutation(count).prefix(length - order.count) }
        return order
    }
}

/// Some images in random order (`torch.utils.data.SubsetRandomSampler`).
public struct SubsetRandomSampler: Sampler {
    public let indices: [Int]

    /// - Parameter indices: positions in the data set.
    public init(_ indices: [Int]) { self.indices = indices }

    public func length(of count: Int) -> Int { indices.count }

    public func order(of count: Int, seed: UInt64, epoch: Int) -> [Int] {
        precondition(indices.allSatisfy { (0..<count).contains($0) }, "SubsetRandomSampler: an index beyond \(count)")
        return EpochOrder.generator(seed: seed, epoch: epoch).permutation(indices.count).map { indices[$0] }
    }
}

/// Images with probabilities in proportion to weights (`torch.utils.data.WeightedRandomSampler`).
public struct WeightedRandomSampler: Sampler {
    public let weights: [Double]
    public let numSamples: Int
    public let replacement: Bool

    /// - Parameters:
    ///   - weights: one for each image, from 0; their sum is above 0.
    ///   - numSamples: images in an epoch, at least 1; without replacement at most as many as have a weight above 0.
    ///   - replacement: draw each image from all.
    public init(weights: [Double], numSamples: Int, replacement: Bool = true) {
        precondition(
            weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 },
            "WeightedRandomSampler: a weight is negative or no number, or all are 0")
        precondition(numSamples > 0, "WeightedRandomSampler: numSamples \(numSamples) is not at least 1")
        precondition(
            replacement || numSamples <= weights.count { $0 > 0 },
            "WeightedRandomSampler: \(numSamples) images without replacement of \(weights.count { $0 > 0 }) with a weight"
        )
        (self.weights, self.numSamples, self.replacement) = (weights, numSamples, replacement)
    }

    /// Weights that make all classes equally frequent: 1 / the number of images of the class.
    public init(balancing labels: [Int64], numSamples: Int? = nil) {
        var counts: [Int64: Int] = [:]
        for label in labels { counts[label, default: 0] += 1 }
        self.init(weights: labels.map { 1 / Double(counts[$0] ?? 1) }, numSamples: numSamples ?? labels.count)
    }

    public func length(of count: Int) -> Int { numSamples }
    public var mayRepeat: Bool { replacement }

    public func order(of count: Int, seed: UInt64, epoch: Int) -> [Int] {
        precondition(weights.count == count, "WeightedRandomSampler: \(weights.count) weights for \(count) images")
        var random = TransformRandom(generator: EpochOrder.generator(seed: seed, epoch: epoch))
        guard replacement else {
            // The largest of u^(1/weight) (Efraimidis and Spirakis: "Weighted random sampling with a reservoir", 2006),
            // as logarithms.
            let keys = weights.map { $0 > 0 ? log(1 - random.unit()) / $0 : -Double.infinity }
            return Array(keys.indices.sorted { keys[$0] > keys[$1] }.prefix(numSamples))
        }
        var sums: [Double] = []
        sums.reserveCapacity(count)
        var sum = 0.0
        for weight in weights {
            sum += weight
            sums.append(sum)
        }
        return (0..<numSamples).map { _ in
            let target = random.unit() * sum
            // The first sum above the target.
            var (low, high) = (0, count - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] > target { high = middle } else { low = middle + 1 }
            }
            return low
        }
    }
}

/// One process's share of an epoch (`torch.utils.data.DistributedSampler`): image r, r + n, r + 2n, … of the order for
/// rank r of n.
public struct DistributedSampler: Sampler {
    public let numReplicas: Int
    public let rank: Int
    public let shuffle: Bool
    public let dropLast: Bool

    /// - Parameters:
    ///   - numReplicas: the number of processes, at least 1.
    ///   - rank: this process, `0 ..< numReplicas`.
    ///   - shuffle: draw a new order in each epoch, the same in all processes of one seed.
    ///   - dropLast: leave out images so that all get equally many; otherwise the first are repeated.
    public init(numReplicas: Int, rank: Int, shuffle: Bool = true, dropLast: Bool = false) {
        precondition(
            numReplicas > 0 && (0..<numReplicas).contains(rank), "DistributedSampler: rank \(rank) of \(numReplicas)")
        (self.numReplicas, self.rank, self.shuffle, self.dropLast) = (numReplicas, rank, shuffle, dropLast)
    }

    public func length(of count: Int) -> Int {
        dropLast ? count / numReplicas : (count + numReplicas - 1) / numReplicas
    }

    public var mayRepeat: Bool { !dropLast }

    public func order(of count: Int, seed: UInt64, epoch: Int) -> [Int] {
        guard count > 0 else { return [] }
        let all = shuffle ? EpochOrder.generator(seed: seed, epoch: epoch).permutation(count) : Array(0..<count)
        return (0..<length(of: count)).map { all[($0 * numReplicas + rank) % count] }
    }
}

/// Where the orders of epochs come from.
enum EpochOrder {
    /// A generator that depends on nothing but seed and epoch.
    static func generator(seed: UInt64, epoch: Int) -> Generator {
        // The epoch's own key is a block of the seed's stream, not seed + epoch: else seed 0 in epoch 1 and seed 1 in
        // epoch 0 would have one order. The constant ("shuffle" in ASCII) keeps the stream apart from the one that
        // initialises weights from the same seed.
        let block = Philox(seed: seed ^ 0x0073_6875_6666_6C65).block(UInt64(bitPattern: Int64(epoch)))
        return Generator(seed: UInt64(block.x) << 32 | UInt64(block.y))
    }
}
