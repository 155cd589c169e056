import ApusData
import ApusGraph
import ApusTraining
import ArgumentParser
import Foundation

/// `apus inspect`: pictures of what a model makes of an image.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Writes pictures of what a model makes of an image.",
        discussion: """
            --out receives filters.png (the filters of the first convolution), feature-maps/NN-LAYER-TYPE.png (the \
            channels of each layer), gradcam.png (where the model looks for the class) and input.png.
            """)

    @Argument(help: "The checkpoint: the folder of a run, or a .safetensors file.")
    var checkpoint: String

    @Argument(help: "A PNG or JPEG file.")
    var image: String

    @Option(help: ArgumentHelp("The folder to write to.", valueName: "dir"))
    var out: String

    @Option(
        name: .customLong("class"), help: "The class to look for, by name or number; the predicted one unless told.")
    var className: String?

    @Option(help: "The layer for Grad-CAM; the last convolution unless told.")
    var layer: String?

    @OptionGroup var deviceOptions: DeviceOptions

    @Flag(help: "Print one JSON object a picture.")
    var json = false

    /// Pixels of a picture's longer side at least.
    private static let leastSide = 224

    func run() throws {
        let device = try deviceOptions.device.device()
        let opened = try OpenedCheckpoint(checkpoint, on: device)
        let classIndex = try className.map { try index(of: $0, in: opened.description.classNames) }
        let picture = try ImageFile.read(path: image)
        let (input, conversion) = try opened.input(picture)
        if !conversion.isEmpty {
            StandardStreams.error("\(image): \(conversion.map(\.description).joined(separator: ", "))")
        }
        let single = input.squeeze(dim: 0)
        // What cannot be shown is found before a file is written.
        let cam = try GradCAM(of: opened.model, image: single, classIndex: classIndex, layer: layer)
        let filters = try FilterGrid(of: opened.model)
        let maps = try FeatureMaps(of: opened.model, image: single)
        // Small images are enlarged: people look at them.
        let shown = try opened.shown(picture).enlarged(toAtLeast: Self.leastSide)

        let folder = try OutputFolder(out)
        try write(shown, "input.png", "the image as the model gets it, before its numbers are normalised", folder)
        try write(try filters.image(), "filters.png", "filters of \(filters.path)", folder)
        let looked = opened.description.classNames[cam.classIndex]
        try write(try cam.overlay(on: shown), "gradcam.png", "where \(cam.layer) speaks for \(looked)", folder)
        try FileManager.default.createDirectory(
            atPath: folder.file("feature-maps"), withIntermediateDirectories: true)
        for (number, layer) in maps.layers.enumerated() {
            let place = layer.path.isEmpty ? "model" : layer.path
            let digits = number < 9 ? "0\(number + 1)" : "\(number + 1)"
            let shape = Shape(layer.maps.shape.dimensions).brackets
            try write(
                try layer.image(), "feature-maps/\(digits)-\(place)-\(layer.type).png",
                "\(layer.type) at \(place), \(shape)", folder)
        }
    }

    private func write(_ image: Image, _ name: String, _ what: String, _ folder: OutputFolder) throws {
        let path = folder.file(name)
        try PNG.write(image, to: path)
        StandardStreams.output(
            json ? JSONLine(["picture": .string(path), "shows": .string(what)]).text : "\(path): \(what)")
    }

    private func index(of name: String, in classNames: [String]) throws -> Int {
        if let index = classNames.firstIndex(of: name) { return index }
        if let index = Int(name), classNames.indices.contains(index) { return index }
        throw CommandFailure(
            .usage,
            "--class \(name): the model has no such class. Its classes: \(classNames.joined(separator: ", ")).")
    }
}
