/// The place where tensors live and are computed.
public enum Device: Hashable, Sendable, CustomStringConvertible {
    /// The processor's cores, by oneDNN and our own loops.
    case cpu
    /// An NVIDIA GPU, by its number.
    case cuda(Int)

    /// PyTorch's name: `cpu`, `cuda:0`.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }

    /// Where tensors are made that no device is given for (`torch.set_default_device`): the CPU, or another device for
    /// the duration of `Device.$standard.withValue(.cuda(0)) { … }`.
    @TaskLocal public static var standard = Device.cpu
}
