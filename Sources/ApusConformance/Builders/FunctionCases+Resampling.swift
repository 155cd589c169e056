import ApusGraph

extension FunctionCases {
    /// Padding and resampling.
    static let resampling: [String: FunctionBuilder] = [
        "pad": { call in
            let mode = try call.arguments.padMode("mode")
            let value = try call.arguments.number("value", default: 0)
            return [try call.one().pad(try call.arguments.integers("pad"), mode: mode, value: value)]
        }
    ]
}

extension CaseArguments {
    /// What stands beyond a border, by PyTorch's word.
    func padMode(_ name: String) throws -> PadMode {
        let word = try text(name, default: "constant")
        guard let mode = PadMode(rawValue: word) else {
            throw CaseProblem.inexpressible("the mode \(word) is none of \(PadMode.allCases)")
        }
        return mode
    }
}
