import ApusData
import ApusGraph
import ApusInterop
import ApusTraining
import ArgumentParser

/// `apus predict`: the classes of pictures.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Tells the classes of pictures.",
        discussion: """
            A picture of another size than the model's is resized by its shorter side, and its middle taken; standard \
            error says so. A picture that cannot be read ends the command behind those before it.
            """)

    @Argument(help: "The checkpoint: the folder of a run, or a .safetensors file.")
    var checkpoint: String

    @Argument(help: ArgumentHelp("PNG or JPEG files.", valueName: "image"))
    var images: [String]

    @Option(help: "How many classes to name, the likeliest first.")
    var top = 5

    @OptionGroup var deviceOptions: DeviceOptions

    @Flag(help: "Print one JSON object a picture.")
    var json = false

    func validate() throws {
        guard top >= 1 else { throw ValidationError("--top \(top): at least 1 is needed.") }
    }

    func run() throws {
        let device = try deviceOptions.device.device()
        let opened = try OpenedCheckpoint(checkpoint, on: device)
        for path in images {
            let (input, conversion) = try opened.input(ImageFile.read(path: path))
            if !conversion.isEmpty {
                StandardStreams.error("\(path): \(conversion.map(\.description).joined(separator: ", "))")
            }
            let probabilities = try withTensorErrors {
                try noGrad { opened.model(input.moved(to: device)).softmax(dim: 1) }.elements(as: Float.self)
            }
            StandardStreams.output(report(path, probabilities.map(Double.init), opened.description.classNames))
        }
    }

    private func report(_ path: String, _ probabilities: [Double], _ classNames: [String]) -> String {
        let order = probabilities.indices.sorted {
            (probabilities[$0], $1) > (probabilities[$1], $0)
        }.prefix(top)
        guard json else {
            let lines = order.map { index in "\(classNames[index]) \((100 * probabilities[index]).fixed(2)) %" }
            return "\(path): \(lines.joined(separator: ", "))"
        }
        let best = order[order.startIndex]
        let ranking = order.map { index in
            JSONLine([
                "class": .string(classNames[index]), "index": .integer(index),
                "probability": .number(probabilities[index]),
            ])
        }
        return JSONLine([
            "image": .string(path), "class": .string(classNames[best]), "index": .integer(best),
            "probability": .number(probabilities[best]), "top": .objects(ranking),
        ]).text
    }
}
