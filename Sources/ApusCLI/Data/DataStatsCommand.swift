import ApusData
import ArgumentParser

extension DataCommand {
    /// `apus data stats`: means, deviations, class counts and duplicates.
    struct Stats: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stats",
            abstract: "Prints mean and deviation of each channel, class counts, and images in both splits.")

        @Argument(help: "The data set: its name, or NAME:FOLDER.")
        var data: String

        @Flag(help: "Print one JSON object a split.")
        var json = false

        func run() throws {
            let reference = try DatasetReference(data)
            let splits = try DatasetSplit.allCases.map { ($0, try DatasetRegistry.standard.load(reference, $0)) }
            var table = TextTable(["class"] + splits.map { $0.0.rawValue }, rightAligned: [1, 2])
            var counts: [[Int]] = []
            for (split, dataset) in splits {
                let statistics = try DatasetStatistics(dataset)
                counts.append(statistics.classCounts)
                let shape = statistics.sampleShape.dimensions
                if json {
                    StandardStreams.output(
                        JSONLine([
                            "data": .string(reference.name), "split": .string(split.rawValue),
                            "images": .integer(statistics.count), "shape": .integers(shape),
                            "mean": .numbers(statistics.mean), "std": .numbers(statistics.deviation),
                            "class_counts": .integers(statistics.classCounts),
                        ]).text)
                } else {
                    func list(_ numbers: [Double]) -> String {
                        numbers.map { String(Double(Int($0 * 10_000 + 0.5)) / 10_000) }.joined(separator: ", ")
                    }
                    let size = shape.map(String.init).joined(separator: "×")
                    StandardStreams.output(
                        "\(split.rawValue): \(statistics.count) images of \(size), mean \(list(statistics.mean)), std "
                            + list(statistics.deviation))
                }
            }
            if !json {
                for (index, name) in splits[0].1.classNames.enumerated() {
                    table.append([name] + counts.map { String($0[index]) })
                }
                StandardStreams.output(table.text)
            }
            let pairs = try DatasetStatistics.duplicates(training: splits[0].1, test: splits[1].1)
            if let first = pairs.first {
                StandardStreams.error(
                    "warning: \(pairs.count) test images are in the training data too, pixel by pixel; the first is test "
                        + "image \(first.test), which is training image \(first.training). Accuracy on them measures "
                        + "memory.")
            }
            if json {
                StandardStreams.output(
                    JSONLine(["data": .string(reference.name), "duplicates": .integer(pairs.count)]).text)
            }
        }
    }
}
