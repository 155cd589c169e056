import ApusGraph

extension Tensor: CustomStringConvertible {
    /// The tensor as PyTorch prints it; computes it if that has not happened yet.
    ///
    ///     tensor([[19., 25.],
    ///             [37., 43.]], grad_fn=<ConvolutionBackward0>)
    ///
    /// Real numbers have 4 digits after the point, in scientific notation where their sizes differ much, and none
    /// where all are whole. Of more than 1,000 elements only the first and last 3 along each dimension are shown.
    /// The type follows where it is neither `float32` nor `int64` nor `bool`.
    ///
    /// A tensor that cannot be computed is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public var description: String {
        if value.node.isPoisoned { return poisonedDescription }
        do {
            let elements = try withElements { ElementText(of: $0, spec).text(indent: Self.prefix.count) }
            return appending(suffixes, to: Self.prefix + elements)
        } catch {
            TensorError.raise(error as? TensorError ?? TensorError("print", "\(error)"))
            return poisonedDescription
        }
    }

    private static var prefix: String { "tensor(" }

    /// Longer lines are broken (`linewidth` of `torch.set_printoptions`).
    static var lineWidth: Int { 80 }

    private var poisonedDescription: String { "tensor(<no elements: made after an error>, size=\(sizeTuple))" }

    /// The shape as Python writes a tuple.
    private var sizeTuple: String {
        "(" + shape.map(String.init).joined(separator: ", ") + (rank == 1 ? ",)" : ")")
    }

    /// What stands behind the elements.
    private var suffixes: [String] {
        var suffixes: [String] = []
        if device != .cpu { suffixes.append("device='\(device)'") }
        if count == 0, rank != 1 { suffixes.append("size=\(sizeTuple)") }
        // Without elements nothing else tells a whole number's type, so all but the default are named.
        let isPlain = dtype == .float32 || count > 0 && (dtype == .int64 || dtype == .bool)
        if !isPlain { suffixes.append("dtype=torch.\(dtype)") }
        if let gradientFunctionName {
            suffixes.append("grad_fn=<\(gradientFunctionName)>")
        } else if requiresGrad {
            suffixes.append("requires_grad=True")
        }
        return suffixes
    }

    private func appending(_ suffixes: [String], to text: String) -> String {
        var result = text
        // PyTorch counts the line two characters longer than it is, for the first suffix.
        var column = text.utf8.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 2
        for suffix in suffixes {
            if column + suffix.utf8.count + 2 > Self.lineWidth {
                result += ",\n" + String(repeating: " ", count: Self.prefix.count) + suffix
                column = Self.prefix.count + suffix.utf8.count
            } else {
                result += ", " + suffix
                column += suffix.utf8.count + 2
            }
        }
        return result + ")"
    }
}
