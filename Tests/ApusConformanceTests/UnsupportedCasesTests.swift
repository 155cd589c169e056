import Testing

@testable import ApusConformance

/// What is not known is unsupported; it is never ignored.
@Suite("Unsupported cases")
struct UnsupportedCasesTests {
    /// An argument that the builder does not know.
    @Test(arguments: [
        ("layer.linear.2d", #"{"in_features": 4, "out_features": 3, "device": "cpu"}"#, "device"),
        ("function.exp", #"{"out": 1}"#, "out"),
        ("function.sum.all", #"{"dtype": "float64"}"#, "dtype"),
        ("loss.mse.mean", #"{"size_average": true}"#, "size_average"),
        ("optimizer.adam", #"{"lr": 0.1, "foreach": true}"#, "foreach"),
        ("init.normal", #"{"shape": [3, 4], "generator": 1}"#, "generator"),
        ("model.lenet_a", #"{"num_classes": 11}"#, "num_classes"),
        (
            "layer.conv2d.basic",
            #"{"in_channels": 2, "out_channels": 3, "kernel_size": 3, "dtype": "float64"}"#, "dtype"
        ),
    ])
    func unknownArgument(name: String, arguments: String, argument: String) throws {
        let bytes = try GoldenFolder.bytes(name, metadata: ["args": arguments])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .unsupported)
        #expect(result.detail.contains("\(argument)="), "\(result.detail)")
    }

    /// An unknown argument weighs more than the error that follows from leaving it out.
    @Test func unknownArgumentOfFailingCall() throws {
        let bytes = try GoldenFolder.bytes(
            "function.reshape.infer", metadata: ["args": #"{"shape": [5, 5], "copy": true}"#])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .unsupported)
    }

    @Test func keywordOfTheCall() throws {
        let bytes = try GoldenFolder.bytes("layer.linear.2d", metadata: ["call": #"{"output_size": [3]}"#])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .unsupported)
        #expect(result.detail.contains("output_size"))
    }

    @Test(arguments: ["layer.linear.2d", "function.exp", "loss.mse.mean", "optimizer.adam", "model.lenet_a"])
    func unknownOperation(name: String) throws {
        let bytes = try GoldenFolder.bytes(name, metadata: ["op": "Nonesuch"])
        let result = try #require(try GoldenFolder.result(of: bytes))
        #expect(result.status == .unsupported)
        #expect(result.detail.contains("Nonesuch does not exist here"))
    }

    @Test func unknownKind() throws {
        let result = try #require(
            try GoldenFolder.result(of: GoldenFolder.bytes("function.exp", metadata: ["kind": "dream"])))
        #expect(result.status == .unsupported)
        #expect(result.detail.contains("dream"))
    }
}
