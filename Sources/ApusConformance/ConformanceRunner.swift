import ApusData
import ApusGraph
import Foundation

/// Runs the cases of a folder and says which agree with PyTorch.
///
/// A folder holds one safetensors file a case and `errors.json`, the calls that must be refused. Nothing that is in a
/// case ends the run: a damaged file, an operation that does not exist here, and a call that fails are results.
public struct ConformanceRunner: Sendable {
    /// The folder of the cases.
    public let folder: String
    /// The kinds to run, such as `layer`; nil for all.
    public var kinds: Set<String>?
    /// Only cases whose name contains this text; nil for all.
    public var filter: String?
    /// Where the data sets of trajectories are looked for.
    public var locator: DatasetLocator
    /// Where the cases are computed.
    public var device: Device

    /// The kinds of cases that the format has, those that are not run here included.
    public static let caseKinds = [
        "layer", "function", "loss", "optimizer", "scheduler", "init", "model", "transform", "trajectory",
    ]

    /// The kinds of calls in `errors.json`.
    public static let errorKinds = [
        "layer", "loss", "function", "optimizer", "scheduler", "init", "load_state_dict",
    ]

    public init(
        folder: String, kinds: Set<String>? = nil, filter: String? = nil, locator: DatasetLocator = DatasetLocator(),
        device: Device = .cpu
    ) {
        self.device = device
        self.folder = folder
        self.kinds = kinds
        self.filter = filter
        self.locator = locator
    }

    /// Runs the cases in the order of their names; `report` hears of each as soon as it is done.
    ///
    /// Throws ``ConformanceFolderError`` where the folder is missing.
    public func run(report: (CaseResult) -> Void = { _ in }) throws -> [CaseResult] {
        let suffix = ".safetensors"
        let names = try files().filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
        var results: [CaseResult] = []
        for name in names.sorted() where matchesFilter(name) {
            guard let result = runCase(name, path: "\(folder)/\(name)\(suffix)") else { continue }
            report(result)
            results.append(result)
        }
        return results
    }

    /// Runs the calls of `errors.json` that must be refused, in the order of their names.
    ///
    /// Throws ``ConformanceFolderError`` where the folder or the file is missing, and where the file is damaged.
    public func runErrors(report: (CaseResult) -> Void = { _ in }) throws -> [CaseResult] {
        guard try files().contains("errors.json") else {
            throw ConformanceFolderError(folder: folder, problem: "there is no errors.json", isMissing: true)
        }
        let cases: [ErrorCase]
        do {
            cases = try ErrorCase.all(path: folder + "/errors.json")
        } catch {
            throw ConformanceFolderError(
                folder: folder, problem: "errors.json is damaged: \(error)", isMissing: false)
        }
        var results: [CaseResult] = []
        for errorCase in cases.sorted(by: { $0.name < $1.name })
        where matchesFilter(errorCase.name) && isWanted(errorCase.kind) {
            let result = result(errorCase.name, errorCase.operation, errorCase.kind) { try errorCase.run() }
            report(result)
            results.append(result)
        }
        return results
    }

    private func files() throws -> [String] {
        do {
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            guard files.contains(where: { $0.hasSuffix(".safetensors") || $0 == "errors.json" }) else {
                throw ConformanceFolderError(folder: folder, problem: "there are no cases in it", isMissing: true)
            }
            return files
        } catch let error as ConformanceFolderError {
            throw error
        } catch {
            throw ConformanceFolderError(
                folder: folder, problem: "the folder is missing or cannot be read", isMissing: true)
        }
    }

    private func matchesFilter(_ name: String) -> Bool { filter.map { name.contains($0) } ?? true }
    private func isWanted(_ kind: String) -> Bool { kinds?.contains(kind) ?? true }

    /// The result of one case; nil where its kind is not wanted.
    private func runCase(_ name: String, path: String) -> CaseResult? {
        let goldenCase: GoldenCase
        do {
            goldenCase = try GoldenCase(path: path)
        } catch {
            // What kind a damaged file was cannot be told; it is reported whatever kinds are wanted.
            return CaseResult(name: name, operation: "", kind: "", status: .fail, detail: "\(error)")
        }
        guard isWanted(goldenCase.kind) else { return nil }
        return result(goldenCase.name, goldenCase.operation, goldenCase.kind) {
            try run(goldenCase)
            return ""
        }
    }

    /// Runs one case; throws where it does not pass.
    private func run(_ goldenCase: GoldenCase) throws {
        switch goldenCase.kind {
        case "layer": try LayerCases.run(goldenCase)
        case "function": try FunctionCases.run(goldenCase)
        case "loss": try LossCases.run(goldenCase)
        case "optimizer": try OptimizerCases.run(goldenCase)
        case "scheduler": try SchedulerCases.run(goldenCase)
        case "init": try InitCases.run(goldenCase)
        case "model": try ModelCases.run(goldenCase)
        case "transform": try TransformCases.run(goldenCase)
        case "trajectory": try TrajectoryCases.run(goldenCase, locator: locator)
        default: throw CaseProblem.unsupported("cases of the kind \(goldenCase.kind) are not run here")
        }
    }

    private func result(
        _ name: String, _ operation: String, _ kind: String, _ body: () throws -> String
    ) -> CaseResult {
        func make(_ status: CaseResult.Status, _ detail: String) -> CaseResult {
            CaseResult(name: name, operation: operation, kind: kind, status: status, detail: detail)
        }
        // A tensor error would hide that an argument was not understood, which weighs more.
        var problem: CaseProblem?
        do {
            // Random numbers do not depend on which cases ran before.
            manualSeed(0)
            let detail = try withTensorErrors {
                try Device.$standard.withValue(device) {
                    do {
                        return try body()
                    } catch let error as CaseProblem {
                        problem = error
                        throw error
                    }
                }
            }
            return make(.pass, detail)
        } catch {
            switch problem {
            case .unsupported(let text), .inexpressible(let text): return make(.unsupported, text)
            default: return make(.fail, "\(error)")
            }
        }
    }
}

/// A folder of cases that cannot be run.
public struct ConformanceFolderError: Error, Sendable, CustomStringConvertible {
    public let folder: String
    public let problem: String
    /// Whether the folder or its file is absent, rather than damaged.
    public let isMissing: Bool

    public var description: String {
        "\(folder): \(problem). Give a folder of conformance cases, such as Tests/Goldens."
    }
}
