import ApusGraph
import ApusModels
import ApusTraining
import ArgumentParser

/// `apus summary`: each layer of a model with its output's shape and its cost.
struct SummaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary",
        abstract: "Shows each layer's output shape, parameters, multiply-adds, memory and receptive field.",
        discussion: "Memory is that of a layer's own weights and of its result for one image.")

    @Argument(help: "The model's name; `apus models` lists them.")
    var model: String

    @Option(help: ArgumentHelp("The size of an image: channels, height and width.", valueName: "CxHxW"))
    var input: ImageSize?

    @Flag(help: "Explain each size by its formula, with the numbers.")
    var explain = false

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
            if explain { StandardStreams.output(Self.explanation(summary, shape)) }
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
            ["layer", "type", "output", "parameters", "multiply-adds", "memory", "receptive field"],
            rightAligned: [3, 4, 5, 6])
        for layer in summary.layers {
            table.append([
                layer.path, layer.type, Shape(layer.output).brackets, "\(layer.parameters)", "\(layer.multiplyAdds)",
                kilobytes(layer.memory), "\(layer.receptiveField)",
            ])
        }
        table.append([
            "total", "", "", "\(summary.parameters)", "\(summary.multiplyAdds)", kilobytes(summary.memory), "",
        ])
        return table.text
    }

    /// Bytes in units of 1,024.
    private static func kilobytes(_ bytes: Int) -> String { "\((Double(bytes) / 1024).fixed(1)) KB" }

    /// The fourth tutorial's formula, worked through for each layer that has a size of its own.
    private static func explanation(_ summary: ModelSummary, _ input: Shape) -> String {
        var table = TextTable(["layer", "type", "size", "output"])
        for layer in summary.layers {
            guard let formula = layer.sizeFormula else { continue }
            table.append([layer.path, layer.type, formula, layer.output.map(String.init).joined(separator: "×")])
        }
        return """

            An image of \(input.map(String.init).joined(separator: "×")) goes in. Along height and width a window of F pixels, moved by S, with p
            pixels of padding on both sides, makes [W + 2p − F] / S + 1 of W, where [ ] rounds the quotient down. The
            channels are those of the convolution's filters.

            \(table.text)
            """
    }
}
