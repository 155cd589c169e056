import ApusGraph

/// How an operation's size follows from its input's, with the numbers: [W + 2p − F] / S + 1, as the fourth tutorial
/// writes it, where the square brackets of the whole quotient mean rounding down.
enum SizeFormula {
    /// The formula of a window's operation, or how many features a matrix product takes; nil for all others.
    static func text(_ primitive: any Primitive, _ inputs: [Value], _ output: TensorSpec) -> String? {
        switch primitive {
        case let convolution as Convolution:
            let geometry = convolution.geometry
            let windows = geometry.stride.indices.map { dimension in
                Window(
                    input: inputs[0].spec.shape[dimension + 2], kernel: inputs[1].spec.shape[dimension + 2],
                    stride: geometry.stride[dimension], before: geometry.paddingBefore[dimension],
                    after: geometry.paddingAfter[dimension], dilation: geometry.dilation[dimension], isCeiling: false,
                    output: output.shape[dimension + 2])
            }
            return text(windows)
        case let pool as MaxPool: return text(windows(pool.geometry, inputs[0].spec.shape, output.shape))
        case let pool as AveragePool: return text(windows(pool.geometry, inputs[0].spec.shape, output.shape))
        case is MatMul, is LinearMap: return features(inputs[0], output)
        default: return nil
        }
    }

    private struct Window: Hashable {
        let input: Int
        let kernel: Int
        let stride: Int
        let before: Int
        let after: Int
        let dilation: Int
        let isCeiling: Bool
        let output: Int

        /// `[28 + 2·2 − 5] / 1 + 1 = 28`.
        var text: String {
            let padding = before == after ? "2·\(before)" : "\(before) + \(after)"
            // A dilated kernel reaches over d · (F − 1) + 1 elements.
            let reach = dilation * (kernel - 1) + 1
            let kernelText = dilation == 1 ? "\(kernel)" : "(\(dilation)·(\(kernel) − 1) + 1)"
            let span = input + before + after - reach
            let formula = "[\(input) + \(padding) − \(kernelText)] / \(stride) + 1"
            guard span % stride != 0 else { return "\(formula) = \(output)" }
            let signs = isCeiling ? ("⌈", "⌉", "up") : ("⌊", "⌋", "down")
            return "\(formula) = \(signs.0)\(span) / \(stride)\(signs.1) + 1 = \(output), rounded \(signs.2)"
        }
    }

    private static func windows(_ geometry: PoolingGeometry, _ input: Shape, _ output: Shape) -> [Window] {
        geometry.kernelSize.indices.map { dimension in
            Window(
                input: input[dimension + 2], kernel: geometry.kernelSize[dimension], stride: geometry.stride[dimension],
                before: geometry.padding[dimension], after: geometry.padding[dimension],
                dilation: geometry.dilation[dimension], isCeiling: geometry.ceilMode, output: output[dimension + 2])
        }
    }

    /// One formula where all dimensions are alike.
    private static func text(_ windows: [Window]) -> String {
        guard Set(windows).count > 1 else { return windows.first?.text ?? "" }
        let names = windows.count == 2 ? ["height", "width"] : windows.indices.map { "dimension \($0 + 2)" }
        return zip(names, windows).map { "\($0) \($1.text)" }.joined(separator: "; ")
    }

    /// `64·3·3 = 576 features become 10`, where the features come from an image.
    private static func features(_ input: Value, _ output: TensorSpec) -> String {
        let (count, results) = (input.spec.shape.last ?? 0, output.shape.last ?? 0)
        var source = ""
        if case .pending(let primitive, let inputs) = input.node.work, primitive is Reshape,
            inputs[0].spec.shape.rank > 2
        {
            source = inputs[0].spec.shape.dropFirst().map(String.init).joined(separator: "·") + " = "
        }
        return "\(source)\(count) features become \(results)"
    }
}
