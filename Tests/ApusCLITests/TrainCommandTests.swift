import ApusInterop
import ApusTestSupport
import Foundation
import Testing

@Suite struct TrainCommandTests {
    private let apus: Apus
    private let data: String

    init() throws {
        apus = try Apus()
        data = try apus.makeData()
    }

    @Test func aRunPrintsItsEpochsAndWritesAReadableCheckpoint() throws {
        let out = apus.folder.file("out/deep/er")
        let outcome = try apus.run(
            "train", "lenet", "--data", data, "--epochs", "2", "--batch-size", "64", "--out", out, "--json")
        try #require(outcome.status == 0, "\(outcome.errors)")
        let names = [
            "event", "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "train_seconds", "seconds",
            "images_per_second",
        ]
        try #require(outcome.lines.count == 3)
        for (index, line) in outcome.lines.prefix(2).enumerated() {
            let (members, order) = try parsed(line)
            #expect(order == names)
            #expect(members["event"] as? String == "epoch")
            #expect(members["epoch"] as? Int == index + 1)
            let accuracy = try #require(members["test_accuracy"] as? Double)
            #expect((0...1).contains(accuracy))
        }
        let done = try parsed(outcome.lines[2])
        #expect(done.order == ["event", "test_accuracy", "checkpoint"])
        #expect(done.members["event"] as? String == "done")
        #expect(done.members["checkpoint"] as? String == out + "/model.safetensors")
        #expect(
            done.members["test_accuracy"] as? Double == (try parsed(outcome.lines[1])).members["test_accuracy"]
                as? Double)

        let file = try SafetensorsFile(path: out + "/model.safetensors")
        #expect(file.entry("fc.4.weight")?.shape == [10, 84])
        #expect(file.metadata["model"] == "lenet")
        #expect(file.metadata["class_names"]?.contains("\"Ankle boot\"") == true)
        #expect(apus.files(of: "out/deep/er") == (Apus.runFiles + Apus.pictures).sorted())
        let history = String(decoding: try apus.folder.read("out/deep/er/history.csv"), as: UTF8.self)
        #expect(history.split(separator: "\n").count == 3)
    }

    @Test func aPersonSeesTheDeviceAndATable() throws {
        let outcome = try apus.run(
            ["train", "lenet", "--data", data, "--epochs", "1", "--out", apus.folder.file("out")],
            environment: ["APUS_NUM_THREADS": "1"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        let lines = outcome.errors.split(separator: "\n").map(String.init)
        try #require(lines.count == 4)
        #expect(["AVX-512", "AVX2", "baseline"].contains { lines[0] == "training on cpu (1 thread, \($0))" })
        #expect(lines[1].hasPrefix("epoch   train loss   train acc"))
        #expect(lines[2].hasPrefix("    1 "))
        #expect(lines[3] == "wrote \(apus.folder.file("out"))/model.safetensors")
        // Standard error is no terminal here: no bar, no control characters.
        #expect(!outcome.errors.contains("\r"))
    }

    @Test func theSameSeedGivesTheSameFile() throws {
        for (out, seed) in [("a", "3"), ("b", "3"), ("c", "4")] {
            let outcome = try apus.run(
                "train", "lenet", "--data", data, "--epochs", "2", "--batch-size", "32", "--seed", seed, "--out",
                apus.folder.file(out))
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
        let first = try apus.folder.read("a/model.safetensors")
        #expect(try apus.folder.read("b/model.safetensors") == first)
        #expect(try apus.folder.read("c/model.safetensors") != first)
    }

    @Test func adamWIsAnotherOptimizerThanAdam() throws {
        for optimizer in ["adam", "adamw"] {
            let outcome = try apus.run(
                "train", "lenet", "--data", data, "--epochs", "1", "--optimizer", optimizer, "--out",
                apus.folder.file(optimizer))
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
        let weights = try apus.folder.read("adamw/model.safetensors")
        #expect(weights != (try apus.folder.read("adam/model.safetensors")))
    }

    @Test func evaluateTrainMeasuresTheTrainingDataAgain() throws {
        // The test data is the training data: measured in the same way, the two columns agree.
        let data = try apus.makeData(train: 100, test: 100)
        let outcome = try apus.run(
            "train", "lenet5", "--data", data, "--epochs", "1", "--batch-size", "10", "--optimizer", "adam", "--lr",
            "0.01", "--evaluate-train", "--out", apus.folder.file("out"), "--json")
        try #require(outcome.status == 0, "\(outcome.errors)")
        let members = try parsed(outcome.lines[0]).members
        #expect(members["train_accuracy"] as? Double == members["test_accuracy"] as? Double)
    }

    @Test func dataIsFoundByTheEnvironment() throws {
        try SyntheticIDX(train: 40, test: 20).write(to: apus.folder, "sets/mnist")
        let outcome = try apus.run(
            ["train", "lenet", "--data", "mnist", "--epochs", "1", "--out", apus.folder.file("out")],
            environment: ["APUS_DATA": apus.folder.file("sets")])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func anInterruptEndsWith130AndLeavesNothingHalfWritten() throws {
        let run = try apus.start(
            "train", "lenet", "--data", data, "--epochs", "1000000", "--batch-size", "64", "--out",
            apus.folder.file("out"))
        while run.isRunning, !run.errors.contains("\n    2 ") { usleep(10_000) }
        run.interrupt()
        let outcome = try run.wait()
        #expect(outcome.status == 130, "\(outcome.errors)")
        #expect(outcome.errors.hasSuffix("interrupted\n"))
        #expect(apus.files(of: "out") == Apus.runFiles)
        #expect(try SafetensorsFile(path: apus.folder.file("out/model.safetensors")).entries.count == 10)
    }
}
