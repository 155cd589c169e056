import ApusGraph

/// The outermost elements of sequences repeated beyond the borders (`torch.nn.ReplicationPad1d`).
///
/// [N, C, W] or [C, W] → [N, C, W'] with W' = left + W + right.
open class ReplicationPad1d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for both sides, or [left, right]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("ReplicationPad1d", padding, spatialRank: 1, mode: .replicate)
    }
}

/// The outermost elements of planes repeated beyond the borders (`torch.nn.ReplicationPad2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = top + H + bottom, W' = left + W + right.
open class ReplicationPad2d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("ReplicationPad2d", padding, spatialRank: 2, mode: .replicate)
    }
}

/// The outermost elements of volumes repeated beyond the borders (`torch.nn.ReplicationPad3d`).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'] with D' = front + D + back, H' = top + H + bottom, W' = left +
/// W + right.
open class ReplicationPad3d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom, front, back]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("ReplicationPad3d", padding, spatialRank: 3, mode: .replicate)
    }
}
