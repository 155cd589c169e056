import ApusEngine
import Testing

@testable import ApusGraph

/// The same numbers for each call, as differences need.
private var repeating: Generator { Generator(seed: 11) }

extension GradientCases {
    static let normalization: [GradientCase] = [
        GradientCase("layer norm", [spread([3, 2, 4]), spread([2, 4], seed: 2), spread([2, 4], seed: 3)]) {
            $0[0].layerNorm(normalizedShape: [2, 4], weight: $0[1], bias: $0[2], eps: 1e-3)
        },
        GradientCase("layer norm, not affine", [spread([3, 5])]) {
            $0[0].layerNorm(normalizedShape: [5], eps: 1e-3).exp()
        },
        GradientCase("layer norm without shift", [spread([3, 5]), spread([5], seed: 2)]) {
            $0[0].layerNorm(normalizedShape: [5], weight: $0[1], eps: 1e-3).square()
        },
        GradientCase("layer norm without scale", [spread([3, 5]), spread([5], seed: 2)]) {
            $0[0].layerNorm(normalizedShape: [5], bias: $0[1], eps: 1e-3).square()
        },
        GradientCase("rms norm", [spread([4, 5]), spread([5], seed: 2)]) {
            $0[0].rmsNorm(normalizedShape: [5], weight: $0[1])
        },
        GradientCase("group norm", [spread([2, 4, 3]), spread([4], seed: 2), spread([4], seed: 3)]) {
            $0[0].groupNorm(numGroups: 2, weight: $0[1], bias: $0[2], eps: 1e-3)
        },
        GradientCase("group norm of rank 2", [spread([2, 6]), spread([6], seed: 2), spread([6], seed: 3)]) {
            $0[0].groupNorm(numGroups: 2, weight: $0[1], bias: $0[2], eps: 1e-3)
        },
        GradientCase("instance norm", [spread([2, 2, 2, 3]), spread([2], seed: 2), spread([2], seed: 3)]) {
            $0[0].instanceNorm(weight: $0[1], bias: $0[2], eps: 1e-3)
        },
        GradientCase(
            "batch norm by given statistics",
            [spread([2, 3, 2]), spread([3], seed: 2), spread([3], 0.5, 2), spread([3], seed: 3), spread([3], seed: 4)]
        ) {
            $0[0].batchNorm(runningMean: $0[1], runningVar: $0[2], weight: $0[3], bias: $0[4], eps: 1e-3).square()
        },
        GradientCase("local response norm", [spread([2, 4, 3])]) {
            $0[0].localResponseNorm(size: 3, alpha: 0.5, beta: 0.75, k: 1)
        },
        GradientCase("local response norm of even size", [spread([1, 5, 2, 2])]) {
            $0[0].localResponseNorm(size: 4, alpha: 2, beta: 1.5, k: 0.5)
        },
        GradientCase("local response norm over all channels", [spread([1, 3, 2])]) {
            $0[0].localResponseNorm(size: 9, alpha: 2, beta: 0.5, k: 2)
        },
        GradientCase("dropout", [spread([4, 5])]) { $0[0].dropout(p: 0.4, generator: repeating).square() },
        GradientCase("feature dropout", [spread([3, 4, 2])]) {
            $0[0].featureDropout(p: 0.4, generator: repeating).square()
        },
        GradientCase("alpha dropout", [spread([4, 5])]) {
            $0[0].alphaDropout(p: 0.4, training: true, generator: repeating).square()
        },
    ]
}
