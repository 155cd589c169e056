import ApusData
import ApusDataInstall
import ArgumentParser
import Synchronization

extension DataCommand {
    /// `apus data get`: puts a data set on this machine.
    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Fetches a data set, or installs it from an archive or a folder.",
            discussion: """
                It goes to $APUS_DATA/NAME, else ~/.cache/apus/NAME. The folder appears whole or not at all. A download \
                is checked against the published digest.
                """)

        @Argument(help: "The data set's name; `apus data list` lists them.")
        var name: String

        @Option(
            help: ArgumentHelp(
                "An archive (tar or zip, also .gz, .xz, .bz2, .zst) or a folder with the official files, instead of "
                    + "the network.", valueName: "archive"))
        var from: String?

        @Option(
            help: ArgumentHelp("A web folder with the official files, instead of the publisher's.", valueName: "url"))
        var mirror: String?

        func run() throws {
            let progress = DownloadProgress()
            let installer = DatasetInstaller(try DatasetSource.named(name)).reporting { progress.report($0, of: $1) }
            let report = try installer.install(from: from, mirror: mirror)
            for note in report.notes { StandardStreams.error("note: \(note)") }
            StandardStreams.output(
                "\(name): \(report.wasThere ? "was there already, in" : "installed in") \(report.folder)")
        }
    }
}

/// Tells on standard error how far a download is: a line every 10 MB, since a terminal need not be there.
private final class DownloadProgress: Sendable {
    private let last = Mutex(0)

    func report(_ done: Int, of total: Int?) {
        let isDue = last.withLock { last in
            guard done < last || done - last >= 10_000_000 else { return false }
            last = done
            return true
        }
        guard isDue else { return }
        let whole = total.map { " of \($0 / 1_000_000)" } ?? ""
        StandardStreams.error("\(done / 1_000_000)\(whole) MB")
    }
}
