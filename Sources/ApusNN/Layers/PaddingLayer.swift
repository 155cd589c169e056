import ApusGraph

/// What all padding layers share: the numbers of elements on each side, and what stands there.
///
/// [N, C, …] or [C, …] → the same with each of the last `spatialRank` sizes grown by the two numbers of its dimension;
/// a negative number crops. Use one of its subclasses, such as ``ReflectionPad2d`` (`torch.nn.ReflectionPad2d`).
open class PaddingLayer: Module {
    /// [left, right, top, bottom, front, back]: two numbers for each dimension, from the last one on.
    public let padding: SpatialSizes
    private let mode: PadMode
    private let value: Double

    /// - Parameters:
    ///   - padding: one number for all sides, or two for each of `spatialRank` dimensions; another count is an error.
    ///   - spatialRank: how many dimensions are padded, from the last one on.
    init(_ name: String, _ padding: any SpatialSize, spatialRank: Int, mode: PadMode, value: Double = 0) {
        var arguments = LayerArguments(of: name)
        let sides = padding.spatialSizes.resolved(rank: 2 * spatialRank)
        let names = ["left", "right", "top", "bottom", "front", "back"].prefix(2 * spatialRank).joined(separator: ", ")
        arguments.require(
            sides != nil,
            "padding: \(padding) has \(padding.spatialSizes.sizes.count) numbers. Give one, or \(2 * spatialRank): "
                + "\(names).")
        self.padding = sides ?? SpatialSizes([Int](repeating: 0, count: 2 * spatialRank))
        (self.mode, self.value) = (mode, value)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.pad(padding.sizes, mode: mode, value: value) }

    override open var extraDescription: String { padding.tupleText }
}
