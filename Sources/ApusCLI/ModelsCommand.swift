import ApusGraph
import ApusModels
import ApusNN
import ArgumentParser

/// `apus models`: lists the models.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Lists the models with their sizes and default settings.")

    @Flag(help: "Print one JSON object a model.")
    var json = false

    func run() throws {
        for entry in ModelRegistry.entries {
            // The weights are recorded only, so that the largest models are counted in milliseconds.
            let parameters = entry.makeModel().parameters().reduce(0) { $0 + $1.count }
            let (input, defaults) = (entry.inputSize, entry.defaults)
            if json {
                let line = JSONLine([
                    "model": .string(entry.name), "summary": .string(entry.summary),
                    "input": .integers([input.channels, input.height, input.width]),
                    "classes": .integer(entry.defaultNumClasses), "parameters": .integer(parameters),
                    "optimizer": .string(defaults.optimizer.rawValue), "lr": .number(defaults.lr),
                    "momentum": .number(defaults.momentum), "batch_size": .integer(defaults.batchSize),
                    "epochs": .integer(defaults.epochs),
                ])
                StandardStreams.output(line.text)
            } else {
                StandardStreams.output(
                    """
                    \(entry.name)
                        \(entry.summary)
                        input \(input.channels)x\(input.height)x\(input.width), \(entry.defaultNumClasses) classes, \
                    \(parameters) parameters; \
                    \(defaults.optimizer.rawValue) with lr \(defaults.lr)\
                    \(defaults.momentum > 0 ? " and momentum \(defaults.momentum)" : ""), batch \
                    \(defaults.batchSize), \(defaults.epochs) epochs
                    """)
            }
        }
    }
}
