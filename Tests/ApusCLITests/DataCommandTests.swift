import ApusData
import ApusTestSupport
import Foundation
import Testing

/// `apus data list`, `get`, `show` and `stats`.
@Suite struct DataCommandTests {
    private let apus: Apus

    init() throws { apus = try Apus() }

    @Test func listNamesAllDataSets() throws {
        let outcome = try apus.run("data", "list", "--json")
        #expect(outcome.status == 0)
        let names = try outcome.lines.map { try parsed($0).members["data"] as? String }
        #expect(names == ["fashion-mnist", "mnist", "cifar10", "cifar100"])
    }

    @Test func getInstallsAndListKnowsIt() throws {
        try SyntheticIDX(train: 30, test: 20).write(to: apus.folder, "download")
        let environment = ["APUS_DATA": apus.folder.file("sets")]
        let outcome = try apus.run(
            ["data", "get", "mnist", "--from", apus.folder.file("download")], environment: environment)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines == ["mnist: installed in \(apus.folder.file("sets/mnist"))"])
        let list = try apus.run(["data", "list"], environment: environment)
        #expect(list.lines.contains("mnist: installed"))
        let again = try apus.run(["data", "get", "mnist"], environment: environment)
        #expect(again.lines == ["mnist: was there already, in \(apus.folder.file("sets/mnist"))"])
    }

    @Test func getTellsWhatIsWrong() throws {
        let unknown = try apus.run("data", "get", "imagenet")
        #expect(unknown.status == 64)
        #expect(unknown.errors.contains("These can: fashion-mnist, mnist, cifar10, cifar100"))
        let missing = try apus.run("data", "get", "cifar10", "--from", apus.folder.file("none.tar"))
        #expect(missing.status == 66)
        let path = try apus.folder.write(Array("no archive".utf8), to: "text.tar.gz")
        let damaged = try apus.run("data", "get", "cifar10", "--from", path)
        #expect(damaged.status == 65)
        #expect(damaged.errors.contains(path))
        let refused = try apus.run("data", "get", "cifar10", "--mirror", "no address")
        #expect(refused.status == 66 || refused.status == 1)
        #expect(apus.folder.files(in: "no-data").isEmpty)
    }

    @Test func showWritesAGridAndPrintsLabels() throws {
        try SyntheticIDX(train: 30, test: 20).write(to: apus.folder, "digits")
        let picture = apus.folder.file("grid.png")
        let outcome = try apus.run(
            "data", "show", "mnist:\(apus.folder.file("digits"))", "--rows", "2", "--cols", "5", "--out", picture)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines[0] == "labels: ")
        let form = /\s+tensor\(\[\[\d, \d, \d, \d, \d\],/
        #expect(outcome.lines[1].wholeMatch(of: form) != nil, "\(outcome.lines[1])")
        let image = try PNG.read(path: picture)
        #expect((image.width, image.height, image.channels) == (5 * 30 + 2, 2 * 30 + 2, 3))
        let many = try apus.run("data", "show", "mnist:\(apus.folder.file("digits"))", "--rows", "9", "--cols", "9")
        #expect(many.status == 64)
        let wrong = try apus.run("data", "show", "mnist", "--out", picture)
        #expect(wrong.status == 66)
    }

    @Test func showNamesClasses() throws {
        let record = { (label: UInt8) in [label] + [UInt8](repeating: label * 20, count: 3_072) }
        try apus.folder.write((0..<4).flatMap { record(UInt8($0)) }, to: "cifar/test_batch.bin")
        let outcome = try apus.run(
            "data", "show", "cifar10:\(apus.folder.file("cifar"))", "--split", "test", "--rows", "2", "--cols", "2",
            "--out",
            apus.folder.file("grid.png"))
        try #require(outcome.status == 0, "\(outcome.errors)")
        for name in ["'airplane'", "'automobile'", "'bird'", "'cat'"] { #expect(outcome.output.contains(name)) }
        #expect(outcome.lines[1].hasPrefix(" [['"))
        #expect(outcome.lines[2].hasPrefix("  ['") && outcome.lines[2].hasSuffix("']]"))
    }

    @Test func statsMeasureAndWarn() throws {
        let record = { (label: UInt8, value: UInt8) in [label] + [UInt8](repeating: value, count: 3_072) }
        for batch in 1...5 {
            try apus.folder.write(record(0, 0) + record(1, 255), to: "cifar/data_batch_\(batch).bin")
        }
        try apus.folder.write(record(2, 51) + record(1, 255), to: "cifar/test_batch.bin")
        let outcome = try apus.run("data", "stats", "cifar10:\(apus.folder.file("cifar"))", "--json")
        try #require(outcome.status == 0, "\(outcome.errors)")
        let training = try parsed(outcome.lines[0]).members
        #expect(training["images"] as? Int == 10)
        #expect(training["mean"] as? [Double] == [0.5, 0.5, 0.5])
        #expect(training["std"] as? [Double] == [0.5, 0.5, 0.5])
        #expect(training["class_counts"] as? [Int] == [5, 5, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(try parsed(outcome.lines[2]).members["duplicates"] as? Int == 1)
        #expect(outcome.errors.contains("warning: 1 test images are in the training data too"))
        let table = try apus.run("data", "stats", "cifar10:\(apus.folder.file("cifar"))")
        #expect(table.lines[0] == "train: 10 images of 3×32×32, mean 0.5, 0.5, 0.5, std 0.5, 0.5, 0.5")
    }

    /// A GIF among the pictures stops the training or is skipped, as asked.
    @Test func badPicturesStopOrAreSkipped() throws {
        for index in 0..<20 {
            let image = Image(
                width: 28, height: 28, channels: 1, samples: [UInt8](repeating: UInt8(index * 10), count: 784))
            try apus.folder.write(PNG.encode(image), to: "pictures/\(index % 2 == 0 ? "dark" : "light")/\(index).png")
        }
        let gif = try apus.folder.write(Array("GIF89a....".utf8), to: "pictures/dark/a.gif")
        try apus.folder.write(Array("GIF89a....".utf8), to: "pictures/dark/b.png")
        let data = "folder:" + apus.folder.file("pictures")
        let stopped = try apus.run("train", "lenet", "--data", data, "--epochs", "1", "--out", apus.folder.file("a"))
        #expect(stopped.status == 65)
        #expect(stopped.errors.contains(gif) && stopped.errors.contains("a GIF"))
        let skipped = try apus.run(
            "train", "lenet", "--data", data, "--epochs", "1", "--out", apus.folder.file("b"), "--skip-unreadable")
        #expect(skipped.status == 0, "\(skipped.errors)")
        #expect(skipped.errors.contains("skipped 2 files"), "\(skipped.errors)")
        #expect(skipped.errors.contains("b.png"))
    }
}
