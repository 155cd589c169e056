import ApusInterop
import ApusTestSupport
import Foundation
import Testing

/// What `apus train` does with data, names and folders that it cannot work with: the exit code of the design, a message
/// that says what to do, nothing on standard output, and no file.
@Suite struct BadInputTests {
    private let apus: Apus

    init() throws { apus = try Apus() }

    /// A damage to a data set, the exit code, and parts of the message.
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: Int32
        let message: [String]
        let apply: @Sendable (inout SyntheticIDX) -> Void

        init(
            _ description: String, _ status: Int32, _ message: String...,
            apply: @escaping @Sendable (inout SyntheticIDX) -> Void
        ) {
            testDescription = description
            self.status = status
            self.message = message
            self.apply = apply
        }
    }

    static let damages = [
        Damage("truncated images", 65, SyntheticIDX.trainImages, "fetch it again") {
            $0.files[SyntheticIDX.trainImages]?.removeLast(100)
        },
        Damage("truncated header", 65, SyntheticIDX.trainImages) { $0.files[SyntheticIDX.trainImages] = [0, 0, 8] },
        Damage("truncated labels", 65, SyntheticIDX.trainLabels) { $0.files[SyntheticIDX.trainLabels]?.removeLast() },
        Damage("wrong magic", 65, SyntheticIDX.trainImages) { $0.files[SyntheticIDX.trainImages]?[0] = 0x50 },
        Damage("labels in place of images", 65, SyntheticIDX.trainImages) {
            $0.files[SyntheticIDX.trainImages] = $0.files[SyntheticIDX.trainLabels]
        },
        Damage("images in place of labels", 65, SyntheticIDX.trainLabels) {
            $0.files[SyntheticIDX.trainLabels] = $0.files[SyntheticIDX.trainImages]
        },
        Damage("a gzip that ends early", 65, SyntheticIDX.trainImages + ".gz", "ends early") {
            let bytes = StoredGzip.encode($0.files.removeValue(forKey: SyntheticIDX.trainImages) ?? [])
            $0.files[SyntheticIDX.trainImages + ".gz"] = Array(bytes.dropLast(5000))
        },
        Damage("fewer labels than images", 65, "300 images", "299 labels") {
            guard var labels = $0.files[SyntheticIDX.trainLabels] else { return }
            labels.removeLast()
            // The count's last two bytes: 299 is 0x012B.
            labels.replaceSubrange(6..<8, with: [0x01, 0x2b])
            $0.files[SyntheticIDX.trainLabels] = labels
        },
        Damage("a label out of range", 65, SyntheticIDX.trainLabels, "label 10 at position 17", "0...9") {
            $0.files[SyntheticIDX.trainLabels]?[8 + 17] = 10
        },
        Damage("a missing file", 66, SyntheticIDX.trainLabels) { $0.files[SyntheticIDX.trainLabels] = nil },
    ]

    @Test(arguments: damages) func damagedDataIsRefused(damage: Damage) throws {
        let data = try apus.makeData(change: damage.apply)
        let outcome = try apus.run(
            "train", "lenet", "--data", data, "--epochs", "1", "--out", apus.folder.file("out"), "--json")
        #expect(outcome.status == damage.status)
        for part in damage.message { #expect(outcome.errors.contains(part), "\(outcome.errors)") }
        #expect(outcome.errors.hasPrefix("error: "))
        #expect(outcome.output.isEmpty)
        #expect(apus.folder.files(in: "out").isEmpty)
    }

    @Test func wholeGzipFilesAreRead() throws {
        let data = try apus.makeData { data in
            data.files = Dictionary(
                uniqueKeysWithValues: data.files.map { ($0.key + ".gz", StoredGzip.encode($0.value)) })
        }
        let outcome = try apus.run("train", "lenet", "--data", data, "--epochs", "1", "--out", apus.folder.file("out"))
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(
        arguments: [
            (["lenett"], ["--data", "mnist"], 64, "Known models: lenet, lenet5"),
            (["lenet"], ["--data", "mnits"], 64, "fashion-mnist, mnist"),
            (["lenet"], ["--data", "mnist", "--optimizer", "adamm"], 64, "Known optimizers: sgd, adam, adamw"),
            (["lenet"], ["--data", "mnist"], 66, "Looked in"),
            (["lenet"], ["--data", "mnist:/no/such/folder"], 66, "/no/such/folder: no such folder"),
            (["lenet"], ["--data", "mnist", "--device", "cuda:0"], 69, "Use --device cpu"),
            (["lenet"], ["--data", "mnist", "--device", "gpu"], 64, "--device"),
            (["lenet"], ["--data", "mnist", "--schedule", "zigzag"], 64, "schedule"),
            (["lenet"], ["--data", "mnist", "--transform", "weak"], 64, "transform"),
            (["lenet"], ["--data", "mnist", "--momentum", "1"], 64, "from 0 up to 1"),
            (["lenet"], ["--data", "mnist", "--label-smoothing", "2"], 64, "from 0 to 1"),
            (["lenet"], ["--data", "mnist", "--ema", "1.5"], 64, "from 0 to 1"),
            (["lenet"], ["--data", "mnist", "--patience", "0"], 64, "at least 1"),
            (["lenet"], ["--data", "mnist", "--accumulate", "0"], 64, "at least 1"),
            (["lenet"], ["--data", "mnist", "--clip-norm", "0"], 64, "above 0"),
            (["lenet"], ["--data", "mnist", "--save-interval=-1"], 64, "0 or more"),
            (["lenet"], ["--data", "mnist", "--epochs", "0"], 64, "at least 1"),
            (["lenet"], ["--data", "mnist", "--batch-size", "0"], 64, "at least 1"),
            (["lenet"], ["--data", "mnist", "--lr", "nan"], 64, "0 or more"),
            (["lenet"], ["--data", "mnist", "--seed", "-1"], 64, "seed"),
            (["lenet"], [], 64, "--data"),
            (["lenet"], ["--data", "mnist", "--colour"], 64, "--colour"),
        ] as [([String], [String], Int32, String)])
    func wrongUsageIsRefused(
        model: [String], options: [String], status: Int32, message: String
    ) throws {
        let outcome = try apus.run(["train"] + model + options + ["--out", apus.folder.file("out")])
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(apus.folder.files(in: "out").isEmpty)
    }

    @Test(arguments: ["file/out", "file", "/proc/no/out"])
    func anUnwritableFolderIsFoundBeforeTraining(out: String) throws {
        let data = try apus.makeData()
        // Below a regular file nobody can make a folder, not even root.
        try apus.folder.write([1, 2, 3], to: "file")
        let path = out.hasPrefix("/") ? out : apus.folder.file(out)
        let outcome = try apus.run("train", "lenet", "--data", data, "--epochs", "1", "--out", path)
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("error: --out \(path): "), "\(outcome.errors)")
        #expect(!outcome.errors.contains("training on"))
        #expect(try apus.folder.read("file") == [1, 2, 3])
    }

    @Test func anotherModelsCheckpointIsNotOverwritten() throws {
        let data = try apus.makeData()
        let out = apus.folder.file("out")
        let first = try apus.run("train", "lenet", "--data", data, "--epochs", "1", "--out", out)
        try #require(first.status == 0, "\(first.errors)")
        let before = try apus.folder.read("out/model.safetensors")
        for options in [[], ["--resume"]] {
            let outcome = try apus.run(
                ["train", "lenet5", "--data", data, "--epochs", "1", "--out", out] + options)
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains("a checkpoint of the model lenet, not of lenet5"), "\(outcome.errors)")
            #expect(try apus.folder.read("out/model.safetensors") == before)
        }
    }

    @Test func anotherProgramsOrADamagedCheckpointIsNotOverwritten() throws {
        let data = try apus.makeData()
        for bytes in [[UInt8](repeating: 7, count: 100), Array("\u{2}\0\0\0\0\0\0\0{}".utf8)] {
            try apus.folder.write(bytes, to: "out/model.safetensors")
            let outcome = try apus.run(
                "train", "lenet", "--data", data, "--epochs", "1", "--out", apus.folder.file("out"))
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains("out/model.safetensors"), "\(outcome.errors)")
            #expect(try apus.folder.read("out/model.safetensors") == bytes)
        }
    }

    @Test func aLossThatIsNoNumberEndsTheRun() throws {
        let data = try apus.makeData()
        let outcome = try apus.run(
            "train", "lenet", "--data", data, "--epochs", "3", "--optimizer", "sgd", "--lr", "1e38", "--batch-size",
            "100", "--out", apus.folder.file("out"), "--json")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("not a number (NaN) in epoch 1, step"), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(apus.files(of: "out").isEmpty)
    }
}
