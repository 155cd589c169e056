import ApusEngine
import ApusGraph
import ArgumentParser

/// The value of `--device`: `best`, `cpu`, or `cuda:N`.
struct DeviceChoice: ExpressibleByArgument {
    private enum Choice {
        case best
        case cpu
        case cuda(Int)
    }

    private let choice: Choice
    let defaultValueDescription: String

    /// The best device of the machine.
    static let best = DeviceChoice(.best, "best")

    private init(_ choice: Choice, _ text: String) {
        self.choice = choice
        defaultValueDescription = text
    }

    init?(argument: String) {
        switch argument {
        case "best": self.init(.best, argument)
        case "cpu": self.init(.cpu, argument)
        case "cuda": self.init(.cuda(0), argument)
        default:
            guard argument.hasPrefix("cuda:"), let number = Int(argument.dropFirst(5)), number >= 0 else { return nil }
            self.init(.cuda(number), argument)
        }
    }

    /// The device, if this machine has it.
    ///
    /// Throws a failure with code 69 otherwise.
    func device() throws -> Device {
        switch choice {
        case .best: return .best
        case .cpu: return .cpu
        case .cuda(let number):
            if let reason = Device.cuda(number).reasonForAbsence {
                throw CommandFailure(
                    .unavailable,
                    "--device cuda:\(number): \(reason) Use --device cpu; `apus device` shows what there is.")
            }
            return .cuda(number)
        }
    }
}

/// The option `--device`, shared by all commands that compute.
struct DeviceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where to compute: best, cpu or cuda:N.", valueName: "device"))
    var device = DeviceChoice.best
}
