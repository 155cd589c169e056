import ApusData
import ApusInterop
import ApusTestSupport
import Foundation
import Testing

/// `apus evaluate` and `apus predict`.
@Suite struct CheckpointCommandTests {
    private let apus: Apus
    private let data: String
    private let out: String

    init() throws {
        apus = try Apus()
        data = try apus.makeData(train: 300, test: 50)
        out = apus.folder.file("out")
        let outcome = try apus.run(
            "train", "lenet5", "--data", data, "--epochs", "1", "--optimizer", "adam", "--lr", "0.01", "--batch-size",
            "20", "--out", out)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func evaluationGivesWhatTrainingMeasured() throws {
        let history = String(decoding: try apus.folder.read("out/history.csv"), as: UTF8.self)
        let fields = history.split(separator: "\n")[1].split(separator: ",")
        for checkpoint in [out, out + "/model.safetensors", out + "/best.safetensors"] {
            let outcome = try apus.run("evaluate", checkpoint, "--data", data, "--json")
            try #require(outcome.status == 0, "\(outcome.errors)")
            let (members, order) = try parsed(outcome.lines[0])
            #expect(order == ["event", "loss", "accuracy", "images"])
            #expect(members["event"] as? String == "evaluate")
            #expect((members["loss"] as? Double).map { "\($0)" } == String(fields[3]))
            #expect(members["accuracy"] as? Double == Double(fields[4]))
            #expect(members["images"] as? Int == 50)
        }
    }

    @Test func aPersonSeesEachClass() throws {
        let outcome = try apus.run("evaluate", out, "--data", data, "--split", "train", "--batch-size", "7")
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines[0].hasPrefix("class"))
        #expect(outcome.lines.count == 12)
        #expect(outcome.lines[1].hasPrefix("T-shirt/top"))
        #expect(outcome.lines[11].hasSuffix("on 300 images"))
    }

    private func writePicture(_ name: String, width: Int, height: Int, channels: Int) throws -> String {
        let samples = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let path = apus.folder.file(name)
        try PNG.write(Image(width: width, height: height, channels: channels, samples: samples), to: path)
        return path
    }

    @Test func picturesAreClassified() throws {
        let own = try writePicture("own.png", width: 28, height: 28, channels: 1)
        let large = try writePicture("large.png", width: 90, height: 50, channels: 3)
        let outcome = try apus.run("predict", out, own, large, "--json", "--top", "3")
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines.count == 2)
        for (line, path) in zip(outcome.lines, [own, large]) {
            let (members, _) = try parsed(line)
            #expect(Set(members.keys) == ["image", "class", "index", "probability", "top"])
            #expect(members["image"] as? String == path)
            let top = try #require(members["top"] as? [[String: Any]])
            #expect(top.count == 3)
            #expect(top[0]["class"] as? String == members["class"] as? String)
            let probabilities = top.compactMap { $0["probability"] as? Double }
            #expect(probabilities == probabilities.sorted(by: >))
            #expect(probabilities.reduce(0, +) <= 1.000_01)
        }
        // What was done to a picture of another size is said; the other needed nothing.
        #expect(outcome.errors == "\(large): Resize(28), CenterCrop((28, 28)), Grayscale(1)\n")
        let text = try apus.run("predict", out, own, "--top", "1")
        #expect(text.lines[0].hasPrefix("\(own): ") && text.lines[0].hasSuffix(" %"))
    }

    @Test func unreadablePicturesAreNamed() throws {
        let missing = try apus.run("predict", out, apus.folder.file("none.png"))
        #expect(missing.status == 66)
        #expect(missing.errors.contains("none.png"), "\(missing.errors)")
        try apus.folder.write([1, 2, 3], to: "noise.png")
        let noise = try apus.run("predict", out, apus.folder.file("noise.png"))
        #expect(noise.status == 65)
        #expect(noise.errors.contains("neither a PNG nor a JPEG"), "\(noise.errors)")
    }

    /// Changes the metadata of the checkpoint, without its checksum.
    private func rewrite(_ name: String, _ change: (inout [String: String]) -> Void) throws -> String {
        let file = try SafetensorsFile(path: out + "/model.safetensors")
        var metadata = file.metadata.filter { $0.key != "crc32" }
        change(&metadata)
        let tensors = file.entries.map { entry in
            SafetensorsWriter.Tensor(
                name: entry.name, dtype: entry.dtype, shape: entry.shape,
                bytes: file.withUnsafeBytes(of: entry) { Array($0) })
        }
        let path = apus.folder.file(name)
        try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
        return path
    }

    @Test func foreignAndDamagedCheckpointsAreRefused() throws {
        let cases: [(path: String, status: Int32, message: String)] = try [
            (apus.folder.file("nowhere"), 66, "no such file"),
            (apus.folder.path, 66, "no such file"),
            (apus.folder.write(Array("no checkpoint".utf8), to: "text.safetensors"), 65, "text.safetensors"),
            (rewrite("plain.safetensors") { $0 = [:] }, 65, "no checkpoint of Apus"),
            (rewrite("newer.safetensors") { $0["apus"] = "2" }, 65, "version 2, this program reads 1"),
            (rewrite("unknown.safetensors") { $0["model"] = "transformer" }, 65, "there is no model \"transformer\""),
            (rewrite("another.safetensors") { $0["model"] = "cnn4" }, 65, "not those of this model"),
            (
                rewrite("classes.safetensors") {
                    $0["arguments"] = #"{"in_channels":1,"num_classes":7}"#
                }, 65, "names 10 classes, the model has 7"
            ),
            (rewrite("transform.safetensors") { $0["transform"] = #"["Swirl(3)"]"# }, 65, "\"Swirl(3)\" is not known"),
        ]
        for (path, status, message) in cases {
            let outcome = try apus.run("evaluate", path, "--data", data)
            #expect(outcome.status == status, "\(path): \(outcome.errors)")
            #expect(outcome.errors.contains(message), "\(path): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        var bytes = try apus.folder.read("out/model.safetensors")
        bytes[bytes.count - 3] ^= 1
        try apus.folder.write(bytes, to: "flipped.safetensors")
        let flipped = try apus.run("predict", apus.folder.file("flipped.safetensors"), "x.png")
        #expect(flipped.status == 65)
        #expect(flipped.errors.contains("the checksum is"), "\(flipped.errors)")
        bytes.removeLast(50)
        try apus.folder.write(bytes, to: "torn.safetensors")
        let torn = try apus.run("predict", apus.folder.file("torn.safetensors"), "x.png")
        #expect(torn.status == 65)
        #expect(torn.errors.contains("not written or copied completely"), "\(torn.errors)")
    }

    @Test func dataOfOtherClassesIsRefused() throws {
        let picture = Image(width: 28, height: 28, channels: 1, samples: [UInt8](repeating: 9, count: 784))
        for split in ["train", "test"] {
            for label in ["a", "b"] {
                let path = try apus.folder.write([], to: "folders/\(split)/\(label)/1.png")
                try PNG.write(picture, to: path)
            }
        }
        let outcome = try apus.run("evaluate", out, "--data", "folder:" + apus.folder.file("folders"))
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("tells 10 classes apart"), "\(outcome.errors)")
    }

    @Test func anEmptyClassFolderIsNamed() throws {
        let picture = Image(width: 28, height: 28, channels: 1, samples: [UInt8](repeating: 9, count: 784))
        try PNG.write(picture, to: apus.folder.write([], to: "folders/train/a/1.png"))
        try FileManager.default.createDirectory(
            atPath: apus.folder.file("folders/train/b"), withIntermediateDirectories: true)
        try PNG.write(picture, to: apus.folder.write([], to: "folders/test/a/1.png"))
        let outcome = try apus.run(
            "train", "lenet", "--data", "folder:" + apus.folder.file("folders"), "--out", apus.folder.file("new"))
        #expect([65, 66].contains(outcome.status))
        #expect(outcome.errors.contains("folders/train/b"), "\(outcome.errors)")
    }

    /// A model and images that differ in size and channels: the images are made to fit, the log says how, and the
    /// checkpoint keeps it.
    @Test func imagesAreMadeToFitTheModel() throws {
        let data = try apus.makeData { $0 = SyntheticIDX(train: 40, test: 20, side: 20) }
        let other = apus.folder.file("resized")
        let outcome = try apus.run("train", "lenet", "--data", data, "--epochs", "1", "--out", other)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("images become 1x28x28 by Resize((28, 28))"), "\(outcome.errors)")
        let file = try SafetensorsFile(path: other + "/model.safetensors")
        #expect(file.metadata["transform"] == #"["Resize((28, 28))","ToTensor()"]"#)
        #expect(file.metadata["input_size"] == "[1,28,28]")
        let evaluated = try apus.run("evaluate", other, "--data", data, "--json")
        #expect(evaluated.status == 0)
        #expect(evaluated.errors.contains("images become 1x28x28"))
    }
}
