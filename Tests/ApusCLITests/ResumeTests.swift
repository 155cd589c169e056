import ApusInterop
import ApusTestSupport
import Foundation
import Testing

/// `apus train --resume`: a run that was killed goes on bit for bit.
@Suite struct ResumeTests {
    private let apus: Apus
    private let data: String

    init() throws {
        apus = try Apus()
        data = try apus.makeData(train: 400, test: 40)
    }

    private func arguments(_ out: String, _ options: [String] = []) -> [String] {
        // Batch norms, Adam's moments, an average and a schedule: all that a state holds.
        [
            "train", "cnn4", "--data", data, "--epochs", "4", "--batch-size", "16", "--seed", "3", "--ema", "0.9",
            "--schedule", "cosine", "--save-interval", "0", "--out", apus.folder.file(out),
        ] + options
    }

    /// The test: a run that is killed at 20 random moments ends with the weights of one that is not.
    @Test func aRunThatIsKilledTwentyTimesEndsWithTheSameBits() throws {
        let whole = try apus.run(arguments("whole"))
        try #require(whole.status == 0, "\(whole.errors)")
        var generator = SeededGenerator(seed: 20)
        var going = 0
        for number in 0..<20 {
            let run = try BuiltProgram("apus").start(
                arguments("killed", ["--resume"]), environment: ["HOME": apus.folder.path])
            // From here on an update takes some hundredths of a second in a debug build.
            while run.isRunning, !run.errors.contains("training on") { usleep(2_000) }
            // On a busy machine too at least one run goes on from a state.
            while number == 0, run.isRunning, !apus.folder.files(in: "killed/state").contains("0.safetensors") {
                usleep(2_000)
            }
            usleep(UInt32(generator.int(0...900_000)))
            run.kill()
            let outcome = try run.wait()
            if outcome.errors.contains("going on with epoch") { going += 1 }
        }
        // The moments must not all lie before the first update.
        #expect(going > 0)
        let last = try apus.run(arguments("killed", ["--resume"]))
        try #require(last.status == 0, "\(last.errors)")
        for file in ["model.safetensors", "best.safetensors"] {
            #expect(try apus.folder.read("killed/\(file)") == apus.folder.read("whole/\(file)"), "\(file)")
        }
        // All but the times.
        func results(_ out: String) throws -> [[Substring]] {
            String(decoding: try apus.folder.read("\(out)/history.csv"), as: UTF8.self).split(separator: "\n")
                .map { Array($0.split(separator: ",").prefix(5)) }
        }
        #expect(try results("killed") == results("whole"))
    }

    @Test func moreEpochsGoOnAndTheSettingsAreTheRuns() throws {
        let first = try apus.run(
            "train", "lenet", "--data", data, "--epochs", "1", "--batch-size", "40", "--lr", "0.01", "--out",
            apus.folder.file("out"))
        try #require(first.status == 0, "\(first.errors)")
        let second = try apus.run(
            "train", "lenet", "--data", data, "--epochs", "3", "--resume", "--out", apus.folder.file("out"), "--json")
        try #require(second.status == 0, "\(second.errors)")
        #expect(try second.lines.dropLast().map { try parsed($0).members["epoch"] as? Int } == [2, 3])
        let whole = try apus.run(
            "train", "lenet", "--data", data, "--epochs", "3", "--batch-size", "40", "--lr", "0.01", "--out",
            apus.folder.file("whole"))
        try #require(whole.status == 0, "\(whole.errors)")
        #expect(try apus.folder.read("out/model.safetensors") == apus.folder.read("whole/model.safetensors"))

        // Nothing is left to do: the last line says what there is.
        let third = try apus.run(
            "train", "lenet", "--data", data, "--resume", "--epochs", "3", "--out", apus.folder.file("out"), "--json")
        #expect(third.status == 0)
        #expect(third.lines.count == 1)
        #expect(try parsed(third.lines[0]).members["test_accuracy"] is Double)
    }

    @Test(
        arguments: [
            (["--lr", "0.5"], 64, "started with 0.001"), (["--batch-size", "7"], 64, "started with 16"),
            (["--schedule", "cosine"], 64, "started with constant"), (["--ema", "0.9"], 64, "started with none"),
        ] as [([String], Int32, String)])
    func otherSettingsAreRefused(options: [String], status: Int32, message: String) throws {
        let base = ["train", "lenet", "--data", data, "--out", apus.folder.file("out")]
        let first = try apus.run(base + ["--epochs", "1", "--batch-size", "16"])
        try #require(first.status == 0, "\(first.errors)")
        let outcome = try apus.run(base + ["--resume", "--epochs", "2"] + options)
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }

    @Test func aScheduleSpansItsEpochs() throws {
        let first = try apus.run(arguments("out"))
        try #require(first.status == 0, "\(first.errors)")
        let outcome = try apus.run(
            ["train", "cnn4", "--data", data, "--epochs", "9", "--resume", "--out", apus.folder.file("out")])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("the schedule cosine of this run spans 4 epochs"), "\(outcome.errors)")
    }

    @Test func otherDataOrNoStateIsRefused() throws {
        let base = ["train", "lenet", "--epochs", "1", "--out", apus.folder.file("out")]
        let first = try apus.run(base + ["--data", data])
        try #require(first.status == 0, "\(first.errors)")
        try SyntheticIDX(train: 99, test: 20).write(to: apus.folder, "fewer")
        let fewer = try apus.run(base + ["--data", "fashion-mnist:" + apus.folder.file("fewer"), "--resume"])
        #expect(fewer.status == 65)
        #expect(fewer.errors.contains("trained on 400 images, the data set has 99"), "\(fewer.errors)")
        let other = try apus.run(base + ["--data", "mnist:" + apus.folder.file("fewer"), "--resume"])
        #expect(other.status == 65)
        #expect(other.errors.contains("a run of the data fashion-mnist, not mnist"), "\(other.errors)")
        try FileManager.default.removeItem(atPath: apus.folder.file("out/state"))
        let weightsOnly = try apus.run(base + ["--data", data, "--resume"])
        #expect(weightsOnly.status == 65)
        #expect(weightsOnly.errors.contains("not the state of a run"), "\(weightsOnly.errors)")
    }

    @Test func aTornStateIsSaidAndTheOneBeforeIsTaken() throws {
        let whole = try apus.run(arguments("whole"))
        try #require(whole.status == 0, "\(whole.errors)")
        let out = apus.folder.file("torn")
        let run = try BuiltProgram("apus").start(arguments("torn"), environment: ["HOME": apus.folder.path])
        while run.isRunning, !run.errors.contains("\n    2 ") { usleep(10_000) }
        run.kill()
        _ = try run.wait()
        // The newer one loses its end.
        let files = try ["0", "1"].map { name -> (name: String, step: Int) in
            let file = try SafetensorsFile(path: "\(out)/state/\(name).safetensors")
            let values = try #require(file.metadata["values"])
            return (
                name, try #require(try parsed(values).members["progress"] as? [String: Any])["updateCount"] as? Int ?? 0
            )
        }
        let newest = try #require(files.max { $0.step < $1.step }).name
        var bytes = try apus.folder.read("torn/state/\(newest).safetensors")
        bytes.removeLast(1000)
        try apus.folder.write(bytes, to: "torn/state/\(newest).safetensors")
        let outcome = try apus.run(arguments("torn", ["--resume"]))
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("note: passed over a saved state."), "\(outcome.errors)")
        #expect(try apus.folder.read("torn/model.safetensors") == apus.folder.read("whole/model.safetensors"))
    }

    /// A disk that takes no more: the shell's limit on the size of files, in blocks of 512 bytes, with its signal ignored,
    /// makes writing fail as a full disk does.
    @Test func aFullDiskKeepsTheLastState() throws {
        let base = ["train", "lenet", "--data", data, "--batch-size", "40", "--out", apus.folder.file("out")]
        let first = try apus.run(base + ["--epochs", "1"])
        try #require(first.status == 0, "\(first.errors)")
        let before = apus.files(of: "out")
        let states = try apus.folder.read("out/state/0.safetensors")
        // Adam's moments make the state three times as large as the weights' 180 KB.
        let limited = try BuiltProgram(path: "/bin/sh").run(
            ["-c", "trap '' XFSZ; ulimit -f 600; exec \"$@\"", "sh", try BuiltProgram("apus").path] + base
                + ["--epochs", "2", "--resume"],
            environment: ["HOME": apus.folder.path])
        #expect(limited.status == 1)
        #expect(limited.errors.contains("cannot be written"), "\(limited.errors)")
        #expect(try apus.folder.read("out/state/0.safetensors") == states)
        #expect(apus.files(of: "out") == before)
        let last = try apus.run(base + ["--epochs", "2", "--resume"])
        #expect(last.status == 0, "\(last.errors)")
        let whole = try apus.run(
            "train", "lenet", "--data", data, "--batch-size", "40", "--epochs", "2", "--out", apus.folder.file("whole"))
        #expect(whole.status == 0)
        #expect(try apus.folder.read("out/model.safetensors") == apus.folder.read("whole/model.safetensors"))
    }
}
