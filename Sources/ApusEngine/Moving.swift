import ApusCUDA
import ApusGraph

extension Tensor {
    /// The same elements on another device (`torch.Tensor.to`): [*] → [*].
    ///
    /// The copy is made when the elements are first needed there. A device that this machine does not have is an error
    /// (see ``/ApusGraph/withTensorErrors(_:)``).
    ///
    /// - Parameter device: `.cpu`, `.cuda(0)`, or `.best`.
    public func to(_ device: Device) -> Tensor {
        do {
            try device.check()
        } catch {
            return .refuse(error, like: [self])
        }
        return moved(to: device)
    }
}

extension Device {
    /// Why this machine cannot compute on the device; nil where it can.
    public var reasonForAbsence: String? {
        guard case .cuda(let index) = self else { return nil }
        do {
            _ = try CUDADevice.numbered(index).context()
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Throws an error that says why this machine cannot compute on the device.
    public func check() throws(TensorError) {
        guard let reasonForAbsence else { return }
        throw TensorError(
            "to", "\(self) is not available: \(reasonForAbsence) Use .cpu, or .best for the best device there is.")
    }
}
