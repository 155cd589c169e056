import ApusGraph

/// What the constant paddings share: the value.
///
/// [N, C, …] or [C, …] → the same with padded sizes. Use ``ConstantPad1d``, ``ConstantPad2d`` or ``ConstantPad3d``
/// (`torch.nn.ConstantPad2d`).
open class ConstantPaddingLayer: PaddingLayer {
    /// What stands beyond the border.
    public let value: Double
    /// As it was given: an integer is printed as one.
    private let valueText: String

    init(_ name: String, _ padding: any SpatialSize, spatialRank: Int, value: Double, text: String) {
        (self.value, valueText) = (value, text)
        super.init(name, padding, spatialRank: spatialRank, mode: .constant, value: value)
    }

    override open var extraDescription: String { "padding=\(padding.tupleText), value=\(valueText)" }
}

/// One value around sequences (`torch.nn.ConstantPad1d`).
///
/// [N, C, W] or [C, W] → [N, C, W'] with W' = left + W + right.
open class ConstantPad1d: ConstantPaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for both sides, or [left, right]; negative numbers crop.
    ///   - value: what stands beyond the border.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize, value: Double) {
        super.init("ConstantPad1d", padding, spatialRank: 1, value: value, text: PythonText.of(value))
    }

    /// A padding with an integer, which is printed as one: `value=0`.
    ///
    /// - Parameters:
    ///   - padding: one number for both sides, or [left, right]; negative numbers crop.
    ///   - value: what stands beyond the border.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize, value: Int) {
        super.init("ConstantPad1d", padding, spatialRank: 1, value: Double(value), text: "\(value)")
    }
}

/// One value around planes (`torch.nn.ConstantPad2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = top + H + bottom, W' = left + W + right.
open class ConstantPad2d: ConstantPaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom]; negative numbers crop.
    ///   - value: what stands beyond the border.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize, value: Double) {
        super.init("ConstantPad2d", padding, spatialRank: 2, value: value, text: PythonText.of(value))
    }

    /// A padding with an integer, which is printed as one: `value=0`.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom]; negative numbers crop.
    ///   - value: what stands beyond the border.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize, value: Int) {
        super.init("ConstantPad2d", padding, spatialRank: 2, value: Double(value), text: "\(value)")
    }
}

/// One value around volumes (`torch.nn.ConstantPad3d`).
///
/// [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'] with D' = front + D + back, H' = top + H + bottom, W' = left +
/// W + right.
open class ConstantPad3d: ConstantPaddingLayer {
    /// A padding by numbers of elements.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom, front, back]; negative numbers crop.
    ///   - value: what stands beyond the border.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize, value: Double) {
        super.init("ConstantPad3d", padding, spatialRank: 3, value: value, text: PythonText.of(value))
    }

    /// A padding with an integer, which is printed as one: `value=0`.
    ///
    /// - Parameters:
    ///   - padding: one number for all sides, or [left, right, top, bottom, front, back]; negative numbers crop.
    ///   - value: what stands beyond the border.
    ///
    /// Another count of numbers is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ padding: any SpatialSize, value: Int) {
        super.init("ConstantPad3d", padding, spatialRank: 3, value: Double(value), text: "\(value)")
    }
}
