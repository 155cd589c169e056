import ApusGraph

/// The elements of sequences mirrored at their borders, which are not repeated (`torch.nn.ReflectionPad1d`).
///
/// [N, C, W] or [C, W] → [N, C, W'] with W' = left + W + right.
/// A padding that is not less than the size of its dimension is an error when the layer is called (see
/// ``/ApusGraph/withTensorErrors(_:)``).
open class ReflectionPad1d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for both sides, or [left, right]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("ReflectionPad1d", padding, spatialRank: 1, mode: .reflect)
    }
}

/// The elements of planes mirrored at their borders, which are not repeated (`torch.nn.ReflectionPad2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = top + H + bottom, W' = left + W + right.
/// A padding that is not less than the size of its dimension is an error when the layer is called (see
/// ``/ApusGraph/withTensorErrors(_:)``).
open class ReflectionPad2d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("ReflectionPad2d", padding, spatialRank: 2, mode: .reflect)
    }
}

/// The elements of volumes mirrored at their borders, which are not repeated (`torch.nn.ReflectionPad3d`).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'] with D' = front + D + back, H' = top + H + bottom, W' = left +
/// W + right.
/// A padding that is not less than the size of its dimension is an error when the layer is called (see
/// ``/ApusGraph/withTensorErrors(_:)``).
open class ReflectionPad3d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom, front, back]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("ReflectionPad3d", padding, spatialRank: 3, mode: .reflect)
    }
}
