import ApusData
import ApusGraph
import ArgumentParser

extension DataCommand {
    /// `apus data show`: a grid of pictures with their labels.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Writes a grid of pictures and prints their labels.")

        @Argument(help: "The data set: its name, or NAME:FOLDER.")
        var data: String

        @Option(help: "Rows of the grid.")
        var rows = 10

        @Option(help: "Columns of the grid.")
        var cols = 10

        @Option(help: ArgumentHelp("The picture to write, .png or .jpg.", valueName: "file"))
        var out = "grid.png"

        @Option(help: "The split: train or test.")
        var split = "train"

        @Option(help: "Which pictures are drawn.")
        var seed: UInt64 = 0

        func validate() throws {
            guard rows > 0, cols > 0, rows <= 1_000, cols <= 1_000 else {
                throw ValidationError("--rows \(rows) --cols \(cols): 1 to 1000 are possible.")
            }
            guard DatasetSplit(rawValue: split) != nil else {
                throw ValidationError("--split \(split): train or test is needed.")
            }
        }

        func run() throws {
            let dataset = try DatasetRegistry.standard.load(
                DatasetReference(data), DatasetSplit(rawValue: split) ?? .train)
            let wanted = rows * cols
            guard dataset.count >= wanted else {
                throw CommandFailure(
                    .usage, "\(data) has \(dataset.count) images, fewer than \(rows) × \(cols). Ask for fewer.")
            }
            let loader = DataLoader(dataset, batchSize: wanted, shuffle: true, seed: seed, prefetch: 0)
            guard let (images, labels) = loader.makeIterator().next() else {
                try loader.check()
                throw CommandFailure(.missing, "\(data) has no images.")
            }
            try saveImage(images, to: out, nrow: cols)
            StandardStreams.output("labels: ")
            StandardStreams.output(" " + text(labels, dataset.classNames))
        }

        /// As tutorial 2 prints them: a tensor of numbers, or an array of names.
        private func text(_ labels: Tensor, _ classNames: [String]) -> String {
            if classNames == classNames.indices.map(String.init) { return "\(labels.reshape([rows, cols]))" }
            let names = labels.array(as: Int.self).map { "'\(classNames[$0])'" }
            let width = names.map(\.count).max() ?? 0
            let lines = (0..<rows).map { row in
                let cells = names[(row * cols)..<((row + 1) * cols)].enumerated().map { column, name in
                    column == cols - 1 ? name : name + String(repeating: " ", count: width - name.count)
                }
                return "[" + cells.joined(separator: " ") + "]"
            }
            return "[" + lines.joined(separator: "\n  ") + "]"
        }
    }
}
