import ApusGraph

/// Some images of a data set (`torch.utils.data.Subset`).
public struct Subset: Dataset {
    /// The whole data set.
    public let base: any Dataset
    /// The positions of the images in it.
    public let indices: [Int]

    /// The images of `base` at `indices`, which must lie in `0 ..< base.count`.
    public init(_ base: any Dataset, _ indices: [Int]) {
        precondition(
            indices.allSatisfy { (0..<base.count).contains($0) }, "Subset: an index beyond \(base.count) images")
        (self.base, self.indices) = (base, indices)
    }

    public var count: Int { indices.count }
    public var sampleShape: Shape { base.sampleShape }
    public var classNames: [String] { base.classNames }
    public var labels: [Int64] {
        let all = base.labels
        return indices.map { all[$0] }
    }

    public func gather(
        _ indices: ArraySlice<Int>, images: UnsafeMutableBufferPointer<UInt8>,
        labels: UnsafeMutableBufferPointer<Int64>
    ) throws {
        try base.gather(indices.map { self.indices[$0] }[...], images: images, labels: labels)
    }
}
