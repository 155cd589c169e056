import ApusEngine
import Testing

@testable import ApusGraph

extension GradientCases {
    static let pooling: [GradientCase] = [
        GradientCase("adaptive average pool", [spread([2, 2, 5, 4])]) { $0[0].adaptiveAveragePool([3, 3]).square() },
        GradientCase("adaptive average pool, even", [spread([1, 2, 6, 4])]) {
            $0[0].adaptiveAveragePool([3, nil]).square()
        },
        GradientCase("adaptive average pool to more", [spread([2, 3])]) { $0[0].adaptiveAveragePool([5]).exp() },
        GradientCase("global average pool", [spread([2, 2, 2, 2, 3])]) { $0[0].adaptiveAveragePool([1, 1, 1]).exp() },
        GradientCase("adaptive max pool", [different([2, 2, 5, 4])]) { $0[0].adaptiveMaxPool([3, 3]).values.square() },
        GradientCase("adaptive max pool, even", [different([1, 2, 6])]) { $0[0].adaptiveMaxPool([2]).values.square() },
        GradientCase("power average pool", [spread([1, 2, 5, 4], 0.5, 2)]) {
            $0[0].powerAveragePool(poolingGeometry([2, 2], stride: [2, 1], padding: [0, 0], ceil: true), normType: 3)
        },
        GradientCase("power average pool of squares", [spread([2, 7])]) {
            $0[0].powerAveragePool(poolingGeometry([3], stride: [2], padding: [0]), normType: 2)
        },
        GradientCase("max unpool", [spread([1, 2, 2, 2])]) {
            let indices = Tensor([0, 3, 9, 11, 5, 1, 2, 10] as [Int64]).reshape(1, 2, 2, 2)
            return $0[0].maxUnpool(indices, outputSize: [3, 4]).square()
        },
        GradientCase("plane scatter", [spread([1, 2, 3])]) {
            let positions = Tensor([0, 0, -1, 3, 1, 3] as [Int64]).reshape(1, 2, 3)
            return Tensor.record(PlaneScatterAdd([1, 2, 4]), $0[0], positions).square()
        },
    ]
}
