import ApusGraph
import ApusModels
import ApusTraining
import ArgumentParser

/// `apus summary`: each layer of a model with its output's shape and its cost.
struct SummaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary",
        abstract: "Shows each layer's output shape, parameters, multiply-adds and receptive field.")

    @Argument(help: "The model's name; `apus models` lists them.")
    var model: String

    @Option(help: ArgumentHelp("The size of an image: channels, height and width.", valueName: "CxHxW"))
    var input: ImageSize?

    @Flag(help: "Print one JSON object a layer.")
    var json = false

    /// A size written as `1x28x28`.
    struct ImageSize: ExpressibleByArgument {
        let shape: Shape

        init?(argument: String) {
            let sizes = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            guard sizes.count == 3, sizes.allSatisfy({ ($0 ?? 0) > 0 }) else { return nil }
            shape = Shape(sizes.compactMap { $0 })
        }
    }

    func run() throws {
        let entry = try ModelRegistry.entry(named: model)
        let own = entry.inputSize
        let shape = input?.shape ?? [own.channels, own.height, own.width]
        let summary: ModelSummary
        do {
            summary = try ModelSummary(of: entry.makeModel(inChannels: shape[0]), input: shape)
        } catch let error as TensorError {
            throw CommandFailure(
                .usage, "\(model) does not take images of \(shape.map(String.init).joined(separator: "x")): \(error)")
        }
        if json {
            for layer in summary.layers { StandardStreams.output(Self.line(layer).text) }
        } else {
            StandardStreams.output(Self.table(summary))
        }
    }

    private static func line(_ layer: ModelSummary.Layer) -> JSONLine {
        JSONLine([
            "layer": .string(layer.path), "type": .string(layer.type), "output": .integers(layer.output),
            "parameters": .integer(layer.parameters), "multiply_adds": .integer(layer.multiplyAdds),
            "receptive_field": .integer(layer.receptiveField),
        ])
    }

    private static func table(_ summary: ModelSummary) -> String {
        var table = TextTable(
            ["layer", "type", "output", "parameters", "multiply-adds", "receptive field"],
            rightAligned: [3, 4, 5])
        for layer in summary.layers {
            table.append([
                layer.path, layer.type, Shape(layer.output).brackets, "\(layer.parameters)", "\(layer.multiplyAdds)",
                "\(layer.receptiveField)",
            ])
        }
        table.append(["total", "", "", "\(summary.parameters)", "\(summary.multiplyAdds)", ""])
        return table.text
    }
}
