import ApusEngine
import ApusGraph
import ArgumentParser

/// The value of `--dtype`: the type of the factors of convolutions and matrix products.
enum ComputingType: String, ExpressibleByArgument, CaseIterable {
    case float32
    case tensorfloat32
    case bfloat16
    case float16

    /// By its name; `tf32` is `tensorfloat32`.
    init?(argument: String) { self.init(rawValue: argument == "tf32" ? Self.tensorfloat32.rawValue : argument) }

    var precision: Precision {
        switch self {
        case .float32: .full
        case .tensorfloat32: .tensorFloat32
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
    }

    /// Throws a failure with code 69 where the device has no instructions for the type.
    func check(on device: Device) throws {
        if self == .bfloat16, device.information?.supportsBFloat16 == false {
            throw CommandFailure(
                .unavailable,
                "--dtype bfloat16: this processor has no instructions for it (AVX512_BF16 or AMX). Use float32.")
        }
        if self == .float16, device == .cpu {
            throw CommandFailure(
                .unavailable, "--dtype float16: CPUs have no kernels for it. Use --device cuda:0, or float32.")
        }
    }
}
