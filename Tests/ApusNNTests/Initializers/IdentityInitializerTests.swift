import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite("Initialisers of identities and sparse matrices")
struct IdentityInitializerTests {
    @Test func identityMatrices() {
        #expect(Initializer.eye([2, 3]).array() == [1, 0, 0, 0, 1, 0])
        let parameter = Parameter(.ones([3, 2], dtype: .float64))
        Initializer.eye(parameter)
        #expect(parameter.data.array(as: Double.self) == [1, 0, 0, 1, 0, 0])
        #expect(parameter.dtype == .float64)
    }

    /// A convolution with this weight, and padding that keeps the size, passes its channels on.
    @Test(arguments: [(3, 3, 1), (2, 3, 1), (4, 2, 2), (5, 1, 5)])
    func identitiesOfConvolutions(outputs: Int, inputs: Int, groups: Int) {
        let weight = Parameter(.ones([outputs, inputs, 3, 5]))
        Initializer.dirac(weight, groups: groups)
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [1, 2], paddingAfter: [1, 2], dilation: [1, 1], groups: groups)
        let image = Tensor.randn(2, inputs * groups, 4, 6)
        let result = image.convolution(weight.data, geometry: geometry)
        let perGroup = outputs / groups
        for output in 0..<outputs {
            let expected =
                output % perGroup < inputs
                ? image[0..., output / perGroup * inputs + output % perGroup] : Tensor.zeros(2, 4, 6)
            #expect(result[0..., output].array() == expected.array())
        }
    }

    @Test func evenKernelsHaveTheirOneBehindTheMiddle() {
        #expect(Initializer.dirac([1, 1, 4]).array() == [0, 0, 1, 0])
        #expect(Initializer.dirac([2, 2, 1]).array() == [1, 0, 0, 1])
        #expect(Initializer.dirac([1, 1, 1, 2, 3]).array() == [0, 0, 0, 0, 1, 0])
    }

    @Test func aShareOfEachColumnIsZero() {
        let weight = Initializer.sparse([10, 400], sparsity: 0.25, standardDeviation: 2, generator: Generator(seed: 3))
        let isZero = weight .== 0
        // ⌈2.5⌉ of ten
        #expect(isZero.sum(dim: 0).array(as: Int64.self) == [Int64](repeating: 3, count: 400))
        // Each row is chosen as often: 120 of 400 with standard deviation √(400 · 0.3 · 0.7) = 9.2, six of which count.
        #expect(isZero.sum(dim: 1).array(as: Int64.self).allSatisfy { abs($0 - 120) < 56 })
        let values = weight.array(as: Double.self).filter { $0 != 0 }
        let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        #expect(abs(variance.squareRoot() - 2) < 6 * 2 / Double(2 * values.count).squareRoot())
        #expect(Initializer.sparse([4, 2], sparsity: 1).array() == [Float](repeating: 0, count: 8))
        let parameter = Parameter(.zeros([4, 2]))
        Initializer.sparse(parameter, sparsity: 0)
        #expect(parameter.data.array().allSatisfy { $0 != 0 })
    }

    @Test func refusals() {
        func refuse(_ fragment: String, _ body: () -> Void) {
            let text = message(of: body)
            #expect(text?.contains(fragment) == true, "\(text ?? "nothing was refused")")
        }
        refuse("eye: [2] is no matrix") {
            _ = Initializer.eye([2])
        }
        refuse("dirac: [2, 3] is no convolution's weight") { _ = Initializer.dirac([2, 3]) }
        refuse("groups: 2 does not divide the 3 output channels of [3, 1, 3]") {
            _ = Initializer.dirac([3, 1, 3], groups: 2)
        }
        refuse("groups: 0 does not") { _ = Initializer.dirac([3, 1, 3], groups: 0) }
        refuse("sparse: [2, 3, 1] is no matrix") { _ = Initializer.sparse([2, 3, 1], sparsity: 0.5) }
        refuse("sparsity is 1.5. Expected 0 to 1") { _ = Initializer.sparse([2, 3], sparsity: 1.5) }
    }
}
