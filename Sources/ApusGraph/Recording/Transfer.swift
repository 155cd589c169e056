/// The same elements on another device.
///
/// Shape rule: that of the input. The gradient goes back to where the input was. No backend computes it: the engine
/// copies between two plans, each of which runs on one device.
public struct Transfer: Primitive {
    public static let name = "to"
    public let device: Device

    public init(to device: Device) { self.device = device }

    public var gradientName: String { "ToCopyBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputs[0].shape, inputs[0].dtype, device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [context.cotangent().moved(to: context.inputSpec(0).device)]
    }
}

extension Tensor {
    /// The same elements on another device; the copy is made when they are first needed there.
    ///
    /// Whether there is such a device is not asked here: `Tensor.to(_:)` of `ApusEngine` does.
    public func moved(to device: Device) -> Tensor {
        guard device != self.device, !value.node.isPoisoned else { return self }
        if let storage = value.node.storage(of: value.output), !requiresGrad {
            return Tensor(storage, TensorSpec(shape, dtype, device))
        }
        // Constants are made where they are needed.
        if case .pending(let primitive as any Constant, _) = value.node.work {
            return Tensor.record(primitive.on(device), [])[0]
        }
        return .record(Transfer(to: device), self)
    }

    /// Whether the tensor goes where its partners in an operation are: a CPU's tensor without dimensions, as in PyTorch,
    /// and a constant that is not made yet.
    var followsPartners: Bool {
        guard device == .cpu else { return false }
        if rank == 0 { return true }
        if case .pending(let primitive, _) = value.node.work { return primitive is any Constant }
        return false
    }
}

/// A primitive without inputs, which is as well made on one device as on another.
protocol Constant: Primitive {
    func on(_ device: Device) -> any Primitive
}
