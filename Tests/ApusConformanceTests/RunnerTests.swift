import Foundation
import Testing

@testable import ApusConformance

/// Choosing cases, and the lines that the program prints.
@Suite("Runner")
struct RunnerTests {
    @Test func filterAndKindsChoose() throws {
        let runner = ConformanceRunner(folder: GoldenFolder.path, kinds: ["function"], filter: ".exp")
        var reported: [CaseResult] = []
        let results = try runner.run { reported.append($0) }
        #expect(results.map(\.name).contains("function.exp"))
        #expect(results.allSatisfy { $0.name.contains(".exp") && $0.kind == "function" })
        #expect(reported == results)
    }

    @Test func errorsAreChosenByKind() throws {
        let runner = ConformanceRunner(folder: GoldenFolder.path, kinds: ["optimizer"], filter: "sgd")
        #expect(
            try runner.runErrors().map(\.name) == [
                "error.sgd.negative_lr", "error.sgd.negative_momentum", "error.sgd.nesterov_dampening",
                "error.sgd.nesterov_without_momentum",
            ])
    }

    /// A wrong call that is accepted fails; one that cannot be written passes only where that counts.
    @Test func acceptedCallFails() throws {
        let errors = """
            [{"case": "a", "kind": "layer", "op": "Linear", "args": {"in_features": 2, "out_features": 3},
              "inputs": [{"shape": [1, 2], "dtype": "float32"}], "stage": "call"},
             {"case": "b", "kind": "layer", "op": "Linear", "args": {"in_features": "two", "out_features": 3},
              "inputs": [], "stage": "construct", "typed": true},
             {"case": "c", "kind": "layer", "op": "Linear", "args": {"in_features": "two", "out_features": 3},
              "inputs": [], "stage": "construct"},
             {"case": "d", "kind": "layer", "op": "Linear", "args": {"in_features": 2, "out_features": 3, "new": 1},
              "inputs": [{"shape": [1, 9], "dtype": "float32"}], "stage": "call"}]
            """
        let folder = try GoldenFolder.temporary(["errors.json": Array(errors.utf8)])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let results = try ConformanceRunner(folder: folder).runErrors()
        #expect(results.map(\.status) == [.fail, .pass, .unsupported, .unsupported])
        #expect(results[0].detail == "the call was accepted")
    }

    @Test func missingFolderThrows() throws {
        let runner = ConformanceRunner(folder: GoldenFolder.path + "/nonexistent")
        let error = #expect(throws: ConformanceFolderError.self) { try runner.run() }
        #expect(error?.isMissing == true)
        #expect(throws: ConformanceFolderError.self) { try runner.runErrors() }
    }

    @Test func damagedErrorListThrows() throws {
        let folder = try GoldenFolder.temporary(["errors.json": Array("[{".utf8)])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let error = #expect(throws: ConformanceFolderError.self) { try ConformanceRunner(folder: folder).runErrors() }
        #expect(error?.isMissing == false)
    }

    @Test func resultAsJSON() throws {
        let result = CaseResult(
            name: "layer.x", operation: "Conv2d", kind: "layer", status: .fail, detail: "a \"b\"\n\\ \u{1} ≤")
        #expect(
            result.json
                == #"{"case":"layer.x","op":"Conv2d","status":"fail","detail":"a \"b\"\n\\ \u0001 ≤"}"#)
        let parsed = try JSONDecoder().decode([String: String].self, from: Data(result.json.utf8))
        #expect(parsed["detail"] == result.detail)
    }

    @Test func summaryAsJSON() {
        var summary = ConformanceSummary()
        for status in [CaseResult.Status.pass, .pass, .fail, .unsupported] {
            summary.count(CaseResult(name: "", operation: "", kind: "", status: status, detail: ""))
        }
        #expect(summary.json == #"{"event":"summary","passed":2,"failed":1,"unsupported":1}"#)
    }
}
