import ApusInterop
import Foundation
import Testing

@testable import ApusConformance

/// PyTorch's answers for layers, asked of their lazy forms: the state is loaded before the first call.
@Suite("Lazy layers and layers of functions")
struct LazyLayerCasesTests {
    /// The arguments of a case without one, and with others.
    private func arguments(
        of name: String, removing removed: String, adding added: [String: Any] = [:]
    ) throws -> String {
        let file = try SafetensorsFile(path: "\(GoldenFolder.path)/\(name).safetensors")
        let text = try #require(file.metadata["args"])
        var arguments = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(arguments.removeValue(forKey: removed) != nil)
        arguments.merge(added) { given, _ in given }
        return String(decoding: try JSONSerialization.data(withJSONObject: arguments), as: UTF8.self)
    }

    @Test(arguments: [
        ("layer.conv1d.groups", "LazyConv1d"), ("layer.conv1d.unbatched", "LazyConv1d"),
        ("layer.conv2d.groups2", "LazyConv2d"), ("layer.conv2d.circular", "LazyConv2d"),
        ("layer.conv3d.basic", "LazyConv3d"), ("layer.convt1d.basic", "LazyConvTranspose1d"),
        ("layer.convt2d.groups", "LazyConvTranspose2d"), ("layer.convt2d.output_size", "LazyConvTranspose2d"),
        ("layer.convt3d.basic", "LazyConvTranspose3d"),
    ])
    func convolutions(name: String, operation: String) throws {
        try expectPass(name, ["op": operation, "args": arguments(of: name, removing: "in_channels")])
    }

    @Test(arguments: [
        ("layer.batchnorm1d.train", "LazyBatchNorm1d"), ("layer.batchnorm2d.eval", "LazyBatchNorm2d"),
        ("layer.batchnorm2d.untracked", "LazyBatchNorm2d"), ("layer.batchnorm3d.train", "LazyBatchNorm3d"),
    ])
    func batchNorms(name: String, operation: String) throws {
        try expectPass(name, ["op": operation, "args": arguments(of: name, removing: "num_features")])
    }

    @Test(arguments: [
        ("layer.instancenorm1d", "LazyInstanceNorm1d"), ("layer.instancenorm2d.default", "LazyInstanceNorm2d"),
        ("layer.instancenorm2d.tracked", "LazyInstanceNorm2d"),
        ("layer.instancenorm2d.unbatched", "LazyInstanceNorm2d"), ("layer.instancenorm3d", "LazyInstanceNorm3d"),
    ])
    func instanceNorms(name: String, operation: String) throws {
        // What an instance norm lacks by default, its lazy form has.
        let defaults = ["affine": false, "track_running_stats": false]
        let given = try arguments(of: name, removing: "num_features", adding: defaults)
        try expectPass(name, ["op": operation, "args": given])
    }

    @Test func cosineSimilarity() throws {
        try expectPass("function.cosine_similarity", ["kind": "layer", "op": "CosineSimilarity"])
    }

    private func expectPass(_ name: String, _ metadata: [String: String]) throws {
        let result = try #require(try GoldenFolder.result(of: GoldenFolder.bytes(name, metadata: metadata)))
        #expect(result.operation == metadata["op"])
        #expect(result.status == .pass, "\(result.detail)")
    }

    /// The state is that of the file also where the layer has not seen it: another weight gives another result.
    @Test func theLoadedStateCounts() throws {
        let name = "layer.conv2d.groups2"
        let bytes = try GoldenFolder.bytes(
            name, metadata: ["op": "LazyConv2d", "args": arguments(of: name, removing: "in_channels")],
            tensors: ["param.weight": { $0[0] += 1 }])
        #expect(try GoldenFolder.result(of: bytes)?.status == .fail)
    }
}
