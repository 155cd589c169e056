import ArgumentParser

/// The program `apus`.
@main
struct ApusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Trains and measures convolutional networks.",
        discussion: """
            Results go to standard output, progress and messages to standard error. Exit codes: 0 done; 1 failed; \
            64 wrong usage or an unknown name; 65 damaged data or a checkpoint of another model; 66 a missing file or \
            data set; 69 a missing device or library; 130 interrupted.
            """,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, PredictCommand.self, InspectCommand.self, ModelsCommand.self,
            SummaryCommand.self,
            DataCommand.self, DeviceCommand.self,
            BenchCommand.self, ConformanceCommand.self,
        ])

    /// Runs the command of the command line; an error becomes a message on standard error and an exit code.
    static func main() {
        Interruption.endAtOnce()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard let failure = CommandFailure(error) else { exit(withError: error) }
            if !failure.description.isEmpty { StandardStreams.error("error: \(failure.description)") }
            exit(withError: ExitCode(failure.status.rawValue))
        }
    }
}
