import ApusTestSupport
import Foundation
import Testing

/// Runs the program `apus`, with a home folder that holds no data sets.
struct Apus {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What `train` leaves in `--out` while it runs, behind two epochs, beside TensorBoard's events.
    static let runFiles = [
        "best.safetensors", "history.csv", "model.safetensors", "state", "state/0.safetensors", "state/1.safetensors",
    ]
    /// The pictures that a run leaves at its end, where gnuplot is installed.
    static let pictures = ["confusion.png", "curves.png", "curves.svg", "filters.png", "predictions.png"]

    /// The files of the folder `out`, without TensorBoard's, whose names hold times.
    func files(of out: String) -> [String] { folder.files(in: out).filter { !$0.hasPrefix("events.out.tfevents.") } }

    func run(_ arguments: String...) throws -> BuiltProgram.Outcome { try run(arguments) }

    func run(_ arguments: [String], environment: [String: String] = [:]) throws -> BuiltProgram.Outcome {
        try BuiltProgram("apus").run(arguments, environment: merged(environment))
    }

    func start(_ arguments: String...) throws -> BuiltProgram.Run {
        try BuiltProgram("apus").start(arguments, environment: merged([:]))
    }

    private func merged(_ environment: [String: String]) -> [String: String] {
        ["HOME": folder.path, "APUS_DATA": folder.file("no-data")].merging(environment) { $1 }
    }

    /// Writes a small data set into the folder and returns how `--data` names it.
    func makeData(train: Int = 300, test: Int = 50, change: (inout SyntheticIDX) -> Void = { _ in }) throws -> String {
        var data = SyntheticIDX(train: train, test: test)
        change(&data)
        try data.write(to: folder, "data")
        return "fashion-mnist:" + folder.file("data")
    }
}

/// The members of a line of JSON, and their names in the order in which they stand.
func parsed(_ line: String) throws -> (members: [String: Any], order: [String]) {
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
    let members = try #require(object as? [String: Any], "\(line)")
    let places = try members.keys.map { key in
        (key, try #require(line.range(of: "\"\(key)\":"), "\(line)").lowerBound)
    }
    return (members, places.sorted { $0.1 < $1.1 }.map(\.0))
}
