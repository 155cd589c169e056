import ApusEngine
import Testing

@testable import ApusGraph

extension GradientCases {
    /// Labels of three samples of four classes: one, none and two of them.
    private static let labels = Tensor([[2, -1, 0, 0], [-1, 1, 2, 3], [3, 0, -1, -1]] as [[Int64]])

    static let losses: [GradientCase] = [
        GradientCase("binary cross-entropy", [spread([3, 4], 0.1, 0.9), spread([3, 4], 0.1, 0.9, seed: 2)]) {
            .record(BinaryCrossEntropy(), $0[0], $0[1])
        },
        // Twice the distance between neighbours is below 1, so that terms of both kinds occur.
        GradientCase("multi-label margin loss", [apart([3, 4]) * 0.3]) {
            .record(MultiLabelMargin(), $0[0].sin() + $0[0], labels)
        },
        GradientCase("variance floor", [spread([3, 4], 0.4, 2)]) {
            Tensor.record(VarianceFloor(0.3), $0[0]).log() * $0[0]
        },
        GradientCase("huber", [apart([13])]) {
            .record(Pointwise(.huber), [$0[0], .full([], 1.1, dtype: .float64)])[0]
        },
        GradientCase("given slopes", [spread([3, 4]), spread([4], seed: 2)]) {
            let (x, y) = ($0[0], $0[1])
            return .given(slope: x.cos() * y, by: x, and: (x.sin(), y)) { x.sin() * y }
        },
        GradientCase("mean cross-entropy", [spread([3, 4])]) {
            let loss = NegativeLogLikelihood(ignoreIndex: -100, isWeighted: false)
            return Tensor.recordOne(MeanCrossEntropy(loss), [$0[0], Tensor([2, 0, 3] as [Int64])]).exp()
        },
        GradientCase("weighted mean cross-entropy of planes", [spread([2, 3, 2])]) {
            let loss = NegativeLogLikelihood(ignoreIndex: 1, isWeighted: true)
            let weight = Tensor([0.5, 3, 2], dtype: .float64)
            return Tensor.recordOne(MeanCrossEntropy(loss), [$0[0], Tensor([[2, 0], [1, 0]]), weight])
        },
        GradientCase("negative log-likelihood without an ignored class", [spread([3, 4])]) {
            let loss = NegativeLogLikelihood(ignoreIndex: nil, isWeighted: false)
            return Tensor.record(loss, [$0[0].exp(), Tensor([2, 0, 3] as [Int64])])[0]
        },
    ]
}
