import ApusGraph

/// The output sizes of an adaptive pooling: one number for all spatial dimensions, or one for each, where nil keeps the
/// input's size.
public struct AdaptiveSizes: Sendable, Hashable {
    /// One entry for each dimension.
    public let sizes: [Int?]
    /// Whether it was given as one number, which is how it is printed then.
    private let isSingle: Bool

    init(_ size: Int, rank: Int, of arguments: inout LayerArguments) {
        (sizes, isSingle) = ([Int?](repeating: size, count: rank), true)
        arguments.require(size, "outputSize", atLeast: 0)
    }

    init(_ sizes: [Int?], rank: Int, of arguments: inout LayerArguments) {
        isSingle = false
        guard sizes.count == rank else {
            arguments.require(
                false,
                "outputSize: \(Self.text(sizes)) has \(sizes.count) numbers. Give one, or \(rank): one for each "
                    + "dimension.")
            self.sizes = [Int?](repeating: nil, count: rank)
            return
        }
        self.sizes = sizes
        arguments.require(
            sizes.allSatisfy { ($0 ?? 0) >= 0 }, "outputSize is \(Self.text(sizes)). It must be at least 0.")
    }

    /// `(5, None)`
    private static func text(_ sizes: [Int?]) -> String {
        let list = sizes.map { $0.map(String.init) ?? "None" }.joined(separator: ", ")
        return sizes.count == 1 ? "(\(list),)" : "(\(list))"
    }
}

extension AdaptiveSizes: CustomStringConvertible {
    /// As PyTorch prints what it was given: `5` or `(5, None)`.
    public var description: String {
        guard isSingle, case let size?? = sizes.first else { return Self.text(sizes) }
        return "\(size)"
    }
}
