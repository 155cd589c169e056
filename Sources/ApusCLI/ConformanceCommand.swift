import ApusConformance
import ApusGraph
import ArgumentParser

/// `apus conformance`: compares what this library computes with PyTorch's answers in a folder of cases.
///
/// Prints one JSON object a case and a summary. The exit code is 1 where a case failed and 66 where the folder is
/// missing; unsupported cases are no failure.
struct ConformanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance", abstract: "Compares results with PyTorch's, case by case.",
        discussion: """
            Prints one JSON object a case, {"case":…,"op":…,"status":"pass|fail|unsupported","detail":…}, and at the \
            end {"event":"summary","passed":…,"failed":…,"unsupported":…}.
            """)

    @Argument(help: ArgumentHelp("The folder of the cases, such as Tests/Goldens.", valueName: "dir"))
    var folder: String

    @Option(help: ArgumentHelp("Only cases of these kinds: layer, loss, … separated by commas.", valueName: "kinds"))
    var kind: String?

    @Option(help: ArgumentHelp("Only cases whose name contains this text.", valueName: "text"))
    var filter: String?

    @Flag(help: "Run the calls of errors.json, which must be refused, and no others.")
    var errors = false

    @OptionGroup var deviceOptions: DeviceOptions

    func run() throws {
        let kinds = try self.kinds()
        let device = try deviceOptions.device.device()
        let runner = ConformanceRunner(folder: folder, kinds: kinds, filter: filter, device: device)
        var summary = ConformanceSummary()
        func report(_ result: CaseResult) {
            summary.count(result)
            StandardStreams.output(result.json)
        }
        do {
            _ = errors ? try runner.runErrors(report: report) : try runner.run(report: report)
        } catch let error as ConformanceFolderError {
            throw CommandFailure(error.isMissing ? .missing : .damaged, "\(error)")
        }
        StandardStreams.output(summary.json)
        if summary == ConformanceSummary() { StandardStreams.error("no case matches --kind and --filter") }
        // The lines above say what failed.
        if summary.failed > 0 { throw CommandFailure(.failed, "") }
    }

    /// The kinds of `--kind`; an unknown one is wrong usage.
    private func kinds() throws -> Set<String>? {
        guard let kind else { return nil }
        let known = errors ? ConformanceRunner.errorKinds : ConformanceRunner.caseKinds
        let wanted = kind.split(separator: ",").map { String($0.drop(while: { $0 == " " })) }
        for name in wanted where !known.contains(name) {
            throw CommandFailure(
                .usage, "--kind: there is no kind \"\(name)\". Known: \(known.joined(separator: ", ")).")
        }
        return Set(wanted)
    }
}
