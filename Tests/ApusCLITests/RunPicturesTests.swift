import ApusData
import ApusTestSupport
import Foundation
import Testing

/// The pictures and logs of `apus train`, `evaluate --out` and `inspect`.
@Suite struct RunPicturesTests {
    private let apus: Apus
    private let data: String
    private let out: String

    init() throws {
        apus = try Apus()
        data = try apus.makeData(train: 300, test: 120)
        out = apus.folder.file("out")
        let outcome = try apus.run(
            "train", "cnn2", "--data", data, "--epochs", "2", "--batch-size", "20", "--ema", "0.5", "--out", out)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(!outcome.errors.contains("was not drawn"), "gnuplot is missing: \(outcome.errors)")
    }

    @Test func aRunLeavesPicturesAndALog() throws {
        for name in ["confusion.png", "curves.png", "filters.png", "predictions.png"] {
            let picture = try ImageFile.read(path: out + "/" + name)
            #expect(picture.width > 100 && picture.height > 100, "\(name)")
            // A picture of one colour shows nothing.
            #expect(Set(picture.samples).count > 10, "\(name)")
        }
        let curves = String(decoding: try apus.folder.read("out/curves.svg"), as: UTF8.self)
        #expect(curves.contains("<svg") && curves.contains("epoch"))
        let events = apus.folder.files(in: "out").filter { $0.hasPrefix("events.out.tfevents.") }
        #expect(events.count == 1)
        // The records' own format is tested with the writer; here the tags of a run.
        let bytes = String(decoding: try apus.folder.read("out/" + events[0]), as: UTF8.self)
        for tag in ["loss/train", "loss/test", "accuracy/test", "weights/conv1.0.weight", "settings", "predictions"] {
            #expect(bytes.contains(tag), "\(tag)")
        }
        // 100 images in ten rows, each enlarged to 112 pixels, with captions.
        let grid = try ImageFile.read(path: out + "/predictions.png")
        #expect(grid.width > 10 * 112 && grid.height > 10 * 112)
    }

    @Test func aRunThatGoesOnAddsToTheLog() throws {
        let outcome = try apus.run("train", "cnn2", "--data", data, "--epochs", "3", "--resume", "--out", out)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(apus.folder.files(in: "out").filter { $0.hasPrefix("events.out.tfevents.") }.count == 2)
        let history = String(decoding: try apus.folder.read("out/history.csv"), as: UTF8.self)
        #expect(history.split(separator: "\n").count == 4)
    }

    @Test func evaluationDrawsItsMatrix() throws {
        let pictures = apus.folder.file("pictures")
        let outcome = try apus.run("evaluate", out, "--data", data, "--out", pictures)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(apus.folder.files(in: "pictures") == ["confusion.png", "predictions.png"])
    }

    @Test func withoutGnuplotTheRunIsWholeAndSaysSo() throws {
        // A PATH without programs.
        let outcome = try apus.run(
            ["train", "cnn2", "--data", data, "--epochs", "1", "--out", apus.folder.file("bare")],
            environment: ["PATH": apus.folder.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("curves.png was not drawn. gnuplot"), "\(outcome.errors)")
        #expect(outcome.errors.contains("apt-get install gnuplot-nox"))
        #expect(apus.files(of: "bare").contains("predictions.png"))
        #expect(!apus.files(of: "bare").contains("curves.png"))
    }

    private func writePicture() throws -> String {
        let path = apus.folder.file("photo.png")
        let samples = (0..<60 * 40 * 3).map { UInt8(truncatingIfNeeded: $0 &* 5) }
        try PNG.write(Image(width: 60, height: 40, channels: 3, samples: samples), to: path)
        return path
    }

    @Test func aModelIsInspected() throws {
        let folder = apus.folder.file("inspected")
        let outcome = try apus.run("inspect", out, try writePicture(), "--out", folder, "--class", "Bag", "--json")
        try #require(outcome.status == 0, "\(outcome.errors)")
        let files = apus.folder.files(in: "inspected").filter { $0.hasSuffix(".png") }
        #expect(files.count == outcome.lines.count)
        for name in ["filters.png", "gradcam.png", "input.png", "feature-maps/01-conv1.0-Conv2d.png"] {
            #expect(files.contains(name), "\(files)")
        }
        #expect(outcome.output.contains("where conv2.0 speaks for Bag"))
        #expect(outcome.errors == "\(apus.folder.file("photo.png")): Resize(28), CenterCrop((28, 28)), Grayscale(1)\n")
        let input = try ImageFile.read(path: folder + "/input.png")
        // 28 pixels, enlarged eight times.
        #expect(input.width == 224 && input.height == 224 && input.channels == 1)
        for name in files { #expect(try !ImageFile.read(path: folder + "/" + name).samples.isEmpty) }
    }

    @Test(
        arguments: [
            (["--class", "Nonesuch"], 64, "Its classes: T-shirt/top"), (["--layer", "conv9"], 64, "conv1.0"),
            (["--layer", "fc"], 64, "fc"),
        ] as [([String], Int32, String)])
    func whatIsNotThereIsRefused(options: [String], status: Int32, message: String) throws {
        let outcome = try apus.run(
            ["inspect", out, try writePicture(), "--out", apus.folder.file("refused")] + options)
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(apus.folder.files(in: "refused").isEmpty)
    }
}
