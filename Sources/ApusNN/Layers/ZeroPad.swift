import ApusGraph

/// Zeros around sequences (`torch.nn.ZeroPad1d`).
///
/// [N, C, W] or [C, W] → [N, C, W'] with W' = left + W + right.
open class ZeroPad1d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for both sides, or [left, right]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("ZeroPad1d", padding, spatialRank: 1, mode: .constant)
    }
}

/// Zeros around planes (`torch.nn.ZeroPad2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = top + H + bottom, W' = left + W + right.
open class ZeroPad2d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("ZeroPad2d", padding, spatialRank: 2, mode: .constant)
    }
}

/// Zeros around volumes (`torch.nn.ZeroPad3d`).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'] with D' = front + D + back, H' = top + H + bottom, W' = left +
/// W + right.
open class ZeroPad3d: PaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom, front, back]; negative numbers crop.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize) {
        super.init("ZeroPad3d", padding, spatialRank: 3, mode: .constant)
    }
}
