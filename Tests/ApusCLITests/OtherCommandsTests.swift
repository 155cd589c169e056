import Foundation
import Testing

/// `apus models`, `summary`, `bench`, `device` and `data list`.
@Suite struct OtherCommandsTests {
    private let apus: Apus

    init() throws { apus = try Apus() }

    @Test func modelsAreListed() throws {
        let table = try apus.run("models")
        #expect(table.status == 0)
        #expect(table.output.contains("lenet5\n    LeNet-5"))
        let outcome = try apus.run("models", "--json")
        let (members, order) = try parsed(outcome.lines[0])
        #expect(order.first == "model")
        #expect(members["model"] as? String == "lenet")
        #expect(members["parameters"] as? Int == 44_426)
        #expect(members["lr"] as? Double == 0.001)
        #expect(members["batch_size"] as? Int == 256)
        #expect(members["epochs"] as? Int == 5)
        #expect(members["classes"] as? Int == 10)
        let large = try parsed(outcome.lines.first { $0.contains(#""model":"vgg19""#) } ?? "").members
        #expect(large["classes"] as? Int == 1000)
        #expect(large["parameters"] as? Int == 143_667_240)
    }

    @Test func aSummaryHasALineALayer() throws {
        let outcome = try apus.run("summary", "lenet", "--input", "1x28x28", "--json")
        #expect(outcome.status == 0)
        #expect(
            outcome.lines.first
                == #"{"layer":"conv.0","type":"Conv2d","output":[6,24,24],"parameters":156,"#
                + #""multiply_adds":86400,"receptive_field":5}"#)
        #expect(outcome.lines.count == 11)
        let table = try apus.run("summary", "lenet")
        #expect(
            table.lines.first
                == "layer    type        output        parameters   multiply-adds     memory   receptive field")
        // 44,426 weights, and the results of all layers for one image, in bytes of 4.
        let results = 2 * 6 * 24 * 24 + 6 * 12 * 12 + 2 * 16 * 8 * 8 + 16 * 4 * 4 + 2 * (120 + 84) + 10
        let kilobytes = String(format: "%.1f", Double(4 * (44_426 + results)) / 1024)
        #expect(table.lines.last == "total                                   44426          281640   \(kilobytes) KB")
    }

    /// The fourth tutorial's sizes, 16×14×14, 32×7×7, 64×3×3 and 128×1×1, with its formula.
    @Test func aSummaryExplainsItsSizes() throws {
        let outcome = try apus.run("summary", "cnn4", "--explain")
        #expect(outcome.status == 0)
        for text in [
            "[28 + 2·2 − 5] / 1 + 1 = 28 ", "[28 + 2·0 − 2] / 2 + 1 = 14 ", "16×14×14", "32×7×7",
            "[7 + 2·0 − 2] / 2 + 1 = ⌊5 / 2⌋ + 1 = 3, rounded down", "64×3×3", "128×1×1",
            "128·1·1 = 128 features become 10",
        ] { #expect(outcome.output.contains(text), "\(text): \(outcome.output)") }
        let other = try apus.run("summary", "googlenet", "--input", "3x225x200", "--explain")
        #expect(other.output.contains("height [225 + 2·3 − 7] / 2 + 1 = 113; width [200 + 2·3 − 7] / 2 + 1"))
        #expect(other.output.contains("rounded up"))
    }

    @Test(arguments: [
        (["lenet", "--input", "1x20x20"], "Expected in_features"), (["lenet", "--input", "28x28"], "28x28"),
        (["lenett", "--input", "1x28x28"], "Known models"),
    ])
    func summariesOfNothingAreRefused(arguments: [String], message: String) throws {
        let outcome = try apus.run(["summary"] + arguments)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: ["lenet-train", "lenet5-infer"]) func aBenchmarkPrintsItsTimes(name: String) throws {
        let outcome = try apus.run("bench", name, "--batch", "8", "--seconds", "0.1", "--json")
        try #require(outcome.status == 0, "\(outcome.errors)")
        let (members, order) = try parsed(outcome.lines[0])
        #expect(
            order == [
                "bench", "batch", "device", "threads", "milliseconds_min", "milliseconds_median", "images_per_second",
            ])
        #expect(members["bench"] as? String == name)
        #expect(members["batch"] as? Int == 8)
        #expect(members["device"] as? String == "cpu")
        let least = try #require(members["milliseconds_min"] as? Double)
        let median = try #require(members["milliseconds_median"] as? Double)
        #expect(least > 0 && least <= median)
    }

    @Test func aProfileTellsWhereTheTimeGoes() throws {
        let trace = apus.folder.file("trace.json")
        let table = try apus.run(
            "bench", "lenet-train", "--batch", "16", "--seconds", "0.01", "--profile", "--trace", trace)
        try #require(table.status == 0, "\(table.errors)")
        #expect(table.output.contains("of peak"))
        #expect(table.output.contains("convolution"))
        #expect(table.lines.last?.contains("GFLOP/s") == true)
        let data = try Data(contentsOf: URL(fileURLWithPath: trace))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let events = try #require(object["traceEvents"] as? [[String: Any]])
        #expect(events.count > 10)
        var end = 0.0
        for event in events {
            #expect(event["ph"] as? String == "X")
            let start = try #require(event["ts"] as? Double)
            // One kernel after the other.
            #expect(start >= end)
            end = start + (try #require(event["dur"] as? Double))
        }

        let lines = try apus.run(
            "bench", "lenet-train", "--batch", "16", "--seconds", "0.01", "--profile", "--trace", trace, "--json"
        ).lines
        #expect(lines.count > 10)
        let kernels = try lines.dropFirst().map { try parsed($0).members }
        #expect(kernels.allSatisfy { $0["event"] as? String == "kernel" })
        // 16 images, 6 channels of 24×24, 25 products each.
        #expect(kernels.contains { $0["multiply_adds"] as? Int == 16 * 6 * 24 * 24 * 25 })
        let times = kernels.compactMap { $0["milliseconds"] as? Double }
        #expect(times.count == kernels.count && times == times.sorted(by: >))

        let unwritable = try apus.run(
            "bench", "lenet-infer", "--batch", "1", "--seconds", "0.01", "--profile", "--trace", "/nowhere/trace.json")
        #expect(unwritable.status == 1)
        #expect(unwritable.errors.contains("/nowhere/trace.json"))
        #expect(try apus.run("bench", "lenet-train", "--trace", trace).status == 64)
    }

    @Test func winogradsFilteringCanBeSwitchedOff() throws {
        for (value, isUsed) in [("1", true), ("0", false)] {
            let outcome = try apus.run(
                ["bench", "resnet20-infer", "--batch", "8", "--seconds", "0.01", "--json"],
                environment: ["APUS_TRACE": "kernels", "APUS_WINOGRAD": value])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("cpu winograd") == isUsed, "APUS_WINOGRAD=\(value)")
        }
    }

    @Test func anUnknownBenchmarkListsTheKnown() throws {
        let outcome = try apus.run("bench", "lenet")
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("lenet-train, lenet-infer, lenet5-train, lenet5-infer"))
        #expect(try apus.run("bench", "lenet-train", "--dtype", "float8").status == 64)
        #expect(try apus.run("bench", "lenet-train", "--device", "cuda:1").status == 69)
    }

    /// Where the processor has no instructions for it: a missing device, which the message names.
    @Test func bfloat16NeedsAProcessorThatHasIt() throws {
        for command in [
            ["bench", "trashnet-train", "--batch", "2", "--seconds", "0.01"],
            ["train", "lenet", "--data", "mnist:missing", "--out", apus.folder.file("out")],
        ] {
            let outcome = try apus.run(command + ["--dtype", "bfloat16", "--device", "cpu"])
            let isRefused = outcome.errors.contains("AVX512_BF16")
            // Else the benchmark runs, and the data of the training is missing.
            #expect(outcome.status == (isRefused ? 69 : command[0] == "bench" ? 0 : 66), "\(outcome.errors)")
        }
    }

    @Test func float16NeedsAGPU() throws {
        for command in [
            ["bench", "lenet-train"], ["train", "lenet", "--data", "mnist:missing", "--out", apus.folder.file("out")],
        ] {
            let outcome = try apus.run(command + ["--dtype", "float16", "--device", "cpu"])
            #expect(outcome.status == 69)
            #expect(outcome.errors.contains("--dtype float16: CPUs have no kernels for it"), "\(outcome.errors)")
        }
    }

    /// A permission that any device takes; PyTorch's users know its other name.
    @Test(arguments: ["tensorfloat32", "tf32"]) func tensorFloat32RunsAnywhere(name: String) throws {
        let outcome = try apus.run(
            "bench", "lenet-train", "--batch", "2", "--seconds", "0.01", "--device", "cpu", "--dtype", name)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func aBenchmarkHasTheSizeOfItsModel() throws {
        let own = try apus.run("bench", "lenet-infer", "--batch", "2", "--size", "28", "--seconds", "0.01", "--json")
        #expect(own.status == 0, "\(own.errors)")
        // Images of 29x29 would pass LeNet's layers: pooling drops the last row and column.
        for (name, size, message) in [
            ("lenet-train", "32", "--size 32: lenet is made for images of 28x28 only"),
            ("lenet5-infer", "29", "--size 29: lenet5 is made for images of 28x28 only"),
            ("lenet-train", "0", "at least 1"),
        ] {
            let outcome = try apus.run("bench", name, "--size", size)
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }

    /// The layers themselves tell which sizes a model takes.
    @Test func aModelOfAnySizeIsMeasuredAtThatSize() throws {
        let outcome = try apus.run(
            "bench", "resnet20-infer", "--batch", "2", "--size", "17", "--seconds", "0.01", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let small = try apus.run("bench", "vgg11-infer", "--size", "31")
        #expect(small.status == 64)
        #expect(small.errors.contains("--size 31: vgg11 does not take such images: features.20: "), "\(small.errors)")
    }

    @Test func theDeviceAndTheDataAreListed() throws {
        let device = try apus.run(["device", "--json"], environment: ["APUS_NUM_THREADS": "2"])
        let members = try parsed(device.lines[0]).members
        #expect(members["device"] as? String == "cpu")
        #expect(members["threads"] as? Int == 2)
        // Then the GPUs and their libraries, or one line that says why there are none.
        let others = try device.lines.dropFirst().map { try parsed($0).members }
        let gpus = others.filter { $0["compute_capability"] != nil }
        if gpus.isEmpty {
            #expect(others.count == 1)
            #expect(others.first?["device"] as? String == "cuda")
            #expect((others.first?["error"] as? String)?.isEmpty == false)
        } else {
            #expect(gpus.first?["device"] as? String == "cuda:0")
            #expect(gpus.allSatisfy { ($0["memory_bytes"] as? Int ?? 0) > 0 && $0["driver"] is String })
            let libraries = others.filter { $0["library"] != nil }
            #expect(libraries.map { $0["library"] as? String } == ["driver", "nvrtc", "cublasLt", "cudnn", "nccl"])
            #expect(libraries.allSatisfy { $0["error"] is String || $0["version"] is String })
        }
        let table = try apus.run("device")
        #expect(table.lines.count == device.lines.count)
        #expect(table.lines.first?.hasPrefix("cpu: ") == true)
        if gpus.isEmpty { #expect(table.lines.last?.hasPrefix("no GPU: ") == true) }
        let data = try apus.run("data", "list", "--json")
        #expect(data.lines.contains(#"{"data":"mnist","status":"missing"}"#))
    }

    @Test func helpIsNoErrorAndNoCommandIsKnown() throws {
        let help = try apus.run("help", "train")
        #expect(help.status == 0)
        #expect(help.output.contains("--evaluate-train"))
        #expect(try apus.run("trian").status == 64)
    }
}
