import ApusGraph

/// The elements of the other end beyond the borders of sequences (`torch.nn.CircularPad1d`).
///
/// [N, C, W] or [C, W] → [N, C, W'] with W' = left + W + right.
/// A padding of more than the size of its dimension is an error when the layer is called (see
/// ``/ApusGraph/withTensorErrors(_:)``).
open class CircularPad1d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for both sides, or [left, right]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("CircularPad1d", padding, spatialRank: 1, mode: .circular)
    }
}

/// The elements of the other end beyond the borders of planes (`torch.nn.CircularPad2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = top + H + bottom, W' = left + W + right.
/// A padding of more than the size of its dimension is an error when the layer is called (see
/// ``/ApusGraph/withTensorErrors(_:)``).
open class CircularPad2d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("CircularPad2d", padding, spatialRank: 2, mode: .circular)
    }
}

/// The elements of the other end beyond the borders of volumes (`torch.nn.CircularPad3d`).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'] with D' = front + D + back, H' = top + H + bottom, W' = left +
/// W + right.
/// A padding of more than the size of its dimension is an error when the layer is called (see
/// ``/ApusGraph/withTensorErrors(_:)``).
open class CircularPad3d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom, front, back]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("CircularPad3d", padding, spatialRank: 3, mode: .circular)
    }
}
