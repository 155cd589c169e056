import ApusEngine
import ApusGraph

extension FunctionCases {
    /// Functions that cut, repeat and rearrange.
    static let movement: [String: FunctionBuilder] = [
        "chunk": { call in
            let count = try call.arguments.integer("chunks")
            return try call.one().chunk(count, dim: call.arguments.integer("dim", default: 0))
        },
        "unbind": { try $0.one().unbind(dim: $0.arguments.integer("dim", default: 0)) },
        "movedim": { call in
            let source = try call.arguments.integers("source")
            return [try call.one().movedim(source, call.arguments.integers("destination"))]
        },
        "swapaxes": { call in
            let first = try call.arguments.integer("axis0")
            return [try call.one().swapaxes(first, call.arguments.integer("axis1"))]
        },
        "repeat": { [try $0.one().repeat($0.arguments.integers("repeats"))] },
        "tile": { [try $0.one().tile($0.arguments.integers("dims"))] },
        "repeat_interleave": { call in
            let dimension = try call.arguments.optionalInteger("dim")
            if call.inputs.count == 2 { return [try call.two().0.repeatInterleave(call.two().1, dim: dimension)] }
            return [try call.one().repeatInterleave(call.arguments.integer("repeats"), dim: dimension)]
        },
        "roll": { call in
            let shifts = try call.arguments.integers("shifts")
            // PyTorch takes an empty list for none.
            if let dimensions = try call.arguments.optionalIntegers("dims"), !dimensions.isEmpty || shifts.count != 1 {
                return [try call.one().roll(shifts, dims: dimensions)]
            }
            guard shifts.count == 1 else {
                throw CaseProblem.inexpressible("roll takes one shift where no dimensions are given, not \(shifts)")
            }
            return [try call.one().roll(shifts[0])]
        },
        "tril": { [try $0.one().tril(diagonal: $0.arguments.integer("diagonal", default: 0))] },
        "triu": { [try $0.one().triu(diagonal: $0.arguments.integer("diagonal", default: 0))] },
        "diagonal": { call in
            let offset = try call.arguments.integer("offset", default: 0)
            let first = try call.arguments.integer("dim1", default: 0)
            return [
                try call.one().diagonal(
                    offset: offset, dim1: first, dim2: call.arguments.integer("dim2", default: 1))
            ]
        },
        "diag": { [try $0.one().diag($0.arguments.integer("diagonal", default: 0))] },
        "diag_embed": { [try $0.one().diagEmbed(offset: $0.arguments.integer("offset", default: 0))] },
        "trace": { [try $0.one().trace()] },
        "meshgrid": { call in
            switch try call.arguments.text("indexing", default: "ij") {
            case "ij": return Tensor.meshgrid(call.inputs)
            case "xy": return Tensor.meshgrid(call.inputs, indexing: .xy)
            case let other: throw CaseProblem.inexpressible("the indexing \"\(other)\" is neither ij nor xy")
            }
        },
    ]
}
