import ApusData
import ArgumentParser

/// `apus data`: the data sets.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Lists, fetches and shows data sets.",
        subcommands: [List.self, Get.self, Show.self, Stats.self])

    /// `apus data list`: lists the data sets, and whether they are on this machine.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the data sets and whether they are on this machine.")

        @Flag(help: "Print one JSON object a data set.")
        var json = false

        func run() throws {
            for name in DatasetRegistry.standard.names where name != "folder" {
                let status: String
                do {
                    _ = try DatasetRegistry.standard.load(DatasetReference(name), .test)
                    status = "installed"
                } catch let error as DataError {
                    status = error.kind == .missing ? "missing" : "damaged"
                }
                StandardStreams.output(
                    json
                        ? JSONLine(["data": .string(name), "status": .string(status)]).text : "\(name): \(status)")
            }
            if !json { StandardStreams.output("folder:PATH: class folders of PNG and JPEG pictures") }
        }
    }
}
