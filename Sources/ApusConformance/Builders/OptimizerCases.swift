import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim

/// Cases of optimizers, which are made by ``OptimizerCases/all``.
enum OptimizerCases {
    /// Makes the optimizer; throws `unsupported` where it does not exist here.
    static func build(
        _ operation: String, _ groups: [(parameters: [Parameter], arguments: [String: ArgumentValue])]
    ) throws -> Optimizer {
        guard let builder = all[operation] else {
            throw CaseProblem.unsupported("the optimizer \(operation) does not exist here")
        }
        let groups = groups.map { ($0.parameters, CaseArguments($0.arguments)) }
        let optimizer = try builder(groups)
        for (_, arguments) in groups { try arguments.checkAllRead(operation) }
        return optimizer
    }

    /// Makes the steps of an optimizer case and compares the parameters after each.
    static func run(_ goldenCase: GoldenCase) throws {
        let parameters = try goldenCase.tensors(named: "param.").mapValues { Parameter($0) }
        let optimizer = try build(goldenCase.operation, groups(goldenCase, parameters))
        let names = parameters.keys.sorted()
        let rates = try goldenCase.json("lr_per_step")
        let steps = try stepCount(goldenCase, rates)
        var comparison = Comparison()
        for step in 0..<steps {
            if let rates {
                guard let values = rates.numbers, values.indices.contains(step) else {
                    throw CaseProblem.malformed("\"lr_per_step\" has no number for step \(step)")
                }
                optimizer.lr = values[step]
            }
            for name in names { parameters[name]?.grad = try goldenCase.tensor("grad.step.\(step).\(name)") }
            optimizer.step()
            try compare(parameters, goldenCase, prefix: "after.step.\(step).", &comparison)
        }
        try compare(parameters, goldenCase, prefix: "after.", &comparison)
        try comparison.check()
    }

    private static func compare(
        _ parameters: [String: Parameter], _ goldenCase: GoldenCase, prefix: String, _ comparison: inout Comparison
    ) throws {
        for (name, parameter) in parameters.sorted(by: { $0.key < $1.key }) {
            guard let expected = try goldenCase.tensor(prefix + name) else { continue }
            try comparison.compare(prefix + name, parameter.data, expected, goldenCase.tolerance)
        }
    }

    /// How many steps the case makes: up to the last one of which it knows anything.
    private static func stepCount(_ goldenCase: GoldenCase, _ rates: ArgumentValue?) throws -> Int {
        let numbers = goldenCase.names.compactMap { name -> Int? in
            let parts = name.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, parts[0] == "grad" || parts[0] == "after", parts[1] == "step" else { return nil }
            return Int(parts[2])
        }
        return max((numbers.max() ?? -1) + 1, rates?.numbers?.count ?? 0)
    }

    /// All parameters in one group, or the groups of `param_groups`.
    private static func groups(
        _ goldenCase: GoldenCase, _ parameters: [String: Parameter]
    ) throws -> [(parameters: [Parameter], arguments: [String: ArgumentValue])] {
        guard let value = try goldenCase.json("param_groups") else {
            return [(parameters.sorted { $0.key < $1.key }.map(\.value), goldenCase.arguments)]
        }
        guard case .list(let groups) = value else { throw CaseProblem.malformed("\"param_groups\" is no list") }
        return try groups.map { group in
            guard var members = group.members, case .list(let names) = members.removeValue(forKey: "params") else {
                throw CaseProblem.malformed("a group of \"param_groups\" has no list \"params\"")
            }
            let chosen = try names.map { name in
                guard let parameter = name.string.flatMap({ parameters[$0] }) else {
                    throw CaseProblem.malformed("\"param_groups\" names \(name), which is no parameter")
                }
                return parameter
            }
            return (chosen, goldenCase.arguments.merging(members) { _, override in override })
        }
    }
}
