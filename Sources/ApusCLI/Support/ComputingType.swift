import ApusEngine
import ApusGraph
import ArgumentParser

/// The value of `--dtype`: the type of the factors of convolutions and matrix products.
enum ComputingType: String, ExpressibleByArgument, CaseIterable {
    case float32
    case bfloat16

    var precision: Precision { self == .bfloat16 ? .bfloat16 : .full }

    /// Throws a failure with code 69 where the device has no instructions for the type.
    func check(on device: Device) throws {
        guard self == .bfloat16, device.information?.supportsBFloat16 == false else { return }
        throw CommandFailure(
            .unavailable,
            "--dtype bfloat16: this processor has no instructions for it (AVX512_BF16 or AMX). Use float32.")
    }
}
