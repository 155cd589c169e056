import ApusData
import ApusGraph
import Foundation
import Testing

@testable import ApusConformance

/// A runner that lets everything pass would be worthless: changed cases must fail, and say where.
@Suite("Broken cases")
struct BrokenCasesTests {
    /// One element of one tensor is changed by far more than the tolerance; the detail names tensor and position.
    @Test(arguments: [
        ("layer.linear.2d", "output.0"), ("layer.linear.2d", "grad.input.0"), ("layer.linear.2d", "grad.param.bias"),
        ("layer.batchnorm2d.train", "after.running_mean"), ("function.exp", "output.0"),
        ("function.exp", "grad.input.0"), ("loss.mse.mean", "output.0"), ("loss.mse.mean", "grad.input.0"),
        ("optimizer.sgd.momentum", "after.step.3.weight"), ("optimizer.adam", "after.bias"),
        ("model.lenet_a", "grad.param.conv.0.weight"),
    ])
    func changedElementFails(name: String, tensor: String) throws {
        let bytes = try GoldenFolder.bytes(name, tensors: [tensor: { $0[0] += 0.5 }])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .fail)
        #expect(result.detail.contains("\(tensor): 1 of"), "\(result.detail)")
    }

    @Test func detailNamesTheWorstElement() throws {
        let bytes = try GoldenFolder.bytes(
            "layer.linear.2d",
            tensors: [
                "output.0": { elements in
                    elements[1] += 1
                    elements[elements.count - 1] += 100
                }
            ])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.detail.hasPrefix("output.0: 2 of "))
        #expect(result.detail.contains("difference 100"), "\(result.detail)")
    }

    /// A buffer without `after.NAME` must keep its value.
    @Test func changedBufferFails() throws {
        let bytes = try GoldenFolder.bytes("layer.batchnorm2d.train", removing: ["after.running_mean"])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .fail)
        #expect(result.detail.contains("running_mean, which the call must not change"), "\(result.detail)")
    }

    /// A parameter too few or too many is a layer of another state.
    @Test func missingParameterFails() throws {
        let bytes = try GoldenFolder.bytes("layer.linear.2d", removing: ["param.bias", "grad.param.bias"])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .fail)
        #expect(result.detail.contains("missing: bias"), "\(result.detail)")
    }

    @Test func wrongNumberOfResultsFails() throws {
        let bytes = try GoldenFolder.bytes("function.split.int", removing: ["output.1"])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .fail)
        #expect(result.detail.contains("results, expected 1"), "\(result.detail)")
    }

    @Test func statisticsOfAnotherDistributionFail() throws {
        let bytes = try GoldenFolder.bytes("init.normal", metadata: ["op": "uniform_"])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .fail)
        #expect(result.detail.contains("the standard deviation is"), "\(result.detail)")
    }

    /// An operation that cannot be computed is a failure of that case, not the end of the run.
    @Test func refusedCallFails() throws {
        let bytes = try GoldenFolder.bytes("function.reshape.infer", metadata: ["args": #"{"shape": [5, 5]}"#])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .fail)
        #expect(result.detail.hasPrefix("reshape: "), "\(result.detail)")
    }

    @Test func damagedFileFails() throws {
        let bytes = try GoldenFolder.bytes("function.exp").dropLast(3)
        let result = try #require(try GoldenFolder.result(of: Array(bytes), fileName: "function.exp.safetensors"))
        #expect(result.name == "function.exp")
        #expect(result.status == .fail)
    }

    @Test(arguments: ["op", "kind", "rtol", "args"])
    func damagedMetadataFails(key: String) throws {
        let value = key == "kind" || key == "op" ? nil : "{"
        var metadata = ["case": "x", "kind": "function", "op": "exp", "rtol": "0", "atol": "0", "args": "{}"]
        metadata[key] = value
        let bytes = try GoldenFolder.emptyCase(metadata)
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .fail)
        #expect(result.detail.contains("\"\(key)\""), "\(result.detail)")
    }

    /// A trajectory whose data set is not on the machine fails; it is not skipped.
    @Test func trajectoryWithoutDataFails() throws {
        let locator = DatasetLocator(environment: [:], systemFolder: "/nonexistent")
        let runner = ConformanceRunner(
            folder: GoldenFolder.path, filter: "trajectory.lenet_a_adam", locator: locator)
        let results = try runner.run()
        #expect(results.map(\.status) == [.fail])
        #expect(results.allSatisfy { $0.detail.contains("fashion-mnist") })
    }
}
