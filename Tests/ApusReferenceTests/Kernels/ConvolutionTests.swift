import ApusGraph
import Testing

@Suite struct ConvolutionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let input: Shape
        let weight: Shape
        let geometry: ConvolutionGeometry
        var testDescription: String { name }

        init(
            _ name: String, _ input: Shape, _ weight: Shape, stride: [Int], before: [Int], after: [Int],
            dilation: [Int], groups: Int = 1
        ) {
            self.name = name
            self.input = input
            self.weight = weight
            geometry = ConvolutionGeometry(
                stride: stride, paddingBefore: before, paddingAfter: after, dilation: dilation, groups: groups)
        }
    }

    static let cases = [
        Case(
            "1d", [2, 3, 9], [4, 3, 3], stride: [2], before: [1], after: [2], dilation: [1]),
        Case(
            "1d, kernel wider than the input", [1, 1, 2], [1, 1, 5], stride: [1], before: [2], after: [2], dilation: [1]
        ),
        Case(
            "2d", [2, 3, 6, 5], [4, 3, 3, 2], stride: [1, 1], before: [0, 0], after: [0, 0], dilation: [1, 1]),
        Case(
            "2d, all", [2, 4, 7, 8], [6, 2, 3, 2], stride: [2, 3], before: [1, 0], after: [2, 1], dilation: [2, 3],
            groups: 2),
        Case(
            "2d, depthwise", [1, 3, 5, 5], [6, 1, 3, 3], stride: [1, 2], before: [1, 1], after: [1, 1],
            dilation: [1, 1], groups: 3),
        Case(
            "2d, stride beyond the kernel", [1, 2, 7, 7], [2, 2, 1, 1], stride: [3, 4], before: [0, 3], after: [0, 3],
            dilation: [1, 1]),
        Case(
            "3d", [1, 2, 4, 5, 3], [2, 2, 2, 3, 2], stride: [1, 2, 1], before: [1, 0, 1], after: [0, 1, 0],
            dilation: [2, 1, 1]),
    ]

    /// The definition: every element of the padded window by itself.
    private func direct(_ x: Numbers, _ weight: Numbers, _ geometry: ConvolutionGeometry, _ output: Shape) -> [Double] {
        func flat(_ position: [Int], _ shape: Shape) -> Int {
            zip(position, shape.dimensions).reduce(0) { $0 * $1.1 + $1.0 }
        }
        func positions(_ sizes: [Int]) -> [[Int]] {
            sizes.reduce([[]]) { heads, size in heads.flatMap { head in (0..<size).map { head + [$0] } } }
        }
        let kernel = Array(weight.shape.dimensions.dropFirst(2))
        let inputsPerGroup = weight.shape.dimensions[1]
        let outputsPerGroup = weight.shape.dimensions[0] / geometry.groups
        return positions(output.dimensions).map { place in
            var sum = 0.0
            for channel in 0..<inputsPerGroup {
                for tap in positions(kernel) {
                    let spatial = tap.indices.map {
                        let start = place[$0 + 2] * geometry.stride[$0] - geometry.paddingBefore[$0]
                        return start + tap[$0] * geometry.dilation[$0]
                    }
                    let isInside = zip(spatial, x.shape.dimensions.dropFirst(2)).allSatisfy { $0 >= 0 && $0 < $1 }
                    guard isInside else { continue }
                    let input = [place[0], place[1] / outputsPerGroup * inputsPerGroup + channel] + spatial
                    let factor = weight.values[flat([place[1], channel] + tap, weight.shape)]
                    sum += x.values[flat(input, x.shape)] * factor
                }
            }
            return sum
        }
    }

    /// Sums of products of small integers are exact, so all must be equal to the last bit.
    @Test(arguments: cases) func agreesWithItsDefinitionAndItsGradients(_ test: Case) throws {
        let x = smallIntegers(test.input, seed: 1)
        let weight = smallIntegers(test.weight, seed: 2)
        let y = try compute(Convolution(test.geometry), x, weight)[0]
        #expect(y.values == direct(x, weight, test.geometry, y.shape))
        // ⟨conv(x, w), dy⟩ is linear in x and in w: its gradients give the same number.
        let dy = smallIntegers(y.shape, seed: 3)
        let dx = try compute(ConvolutionInputGradient(test.geometry, inputShape: x.shape), dy, weight)[0]
        #expect(dx.shape == x.shape)
        #expect(dx.dot(x) == y.dot(dy))
        let gradient = ConvolutionWeightGradient(test.geometry, weightShape: weight.shape, withBias: true)
        let results = try compute(gradient, x, dy)
        #expect(results[0].dot(weight) == y.dot(dy))
        // The inner product with another direction tells the gradients of single elements apart.
        let other = smallIntegers(x.shape, seed: 4)
        #expect(dx.dot(other) == (try compute(Convolution(test.geometry), other, weight)[0].dot(dy)))
        let otherWeight = smallIntegers(weight.shape, seed: 5)
        #expect(results[0].dot(otherWeight) == (try compute(Convolution(test.geometry), x, otherWeight)[0].dot(dy)))
        // The bias is added to a whole channel.
        let bias = smallIntegers([weight.shape[0]], seed: 6)
        let shifted = try compute(Convolution(test.geometry), x, weight, bias)[0]
        #expect(shifted.dot(dy) - y.dot(dy) == results[1].dot(bias))
    }

    @Test(arguments: [DType.float32, .float64]) func crossCorrelation(_ dtype: DType) throws {
        let x = Numbers([0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 3, 3], dtype)
        let kernel = Numbers([0, 1, 2, 3], [1, 1, 2, 2], dtype)
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)
        let y = try compute(Convolution(geometry), x, kernel)
        #expect(y == [Numbers([19, 25, 37, 43], [1, 1, 2, 2], dtype)])
    }
}
