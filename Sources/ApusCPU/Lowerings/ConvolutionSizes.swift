import ApusGraph
import ApusPlan
import CKernels
import COneDNN

extension ConvolutionGeometry {
    /// The weight's sizes as oneDNN wants them: [G, O / G, C / G, …] where there are groups.
    func weightSizes(_ weight: Shape) -> [Int] {
        groups == 1 ? weight.dimensions : [groups, weight[0] / groups] + weight.dimensions.dropFirst()
    }

    /// Stride, dilation and the padding on both sides. oneDNN derives the output's size from the padding after the
    /// last element, so that a remainder that no window reaches is taken away there.
    func oneDNN(input: Shape, weight: Shape, output: Shape) -> OneDNNWindow {
        OneDNNWindow(
            stride: stride.map(Int64.init), dilation: dilation.map(Int64.init),
            paddingBegin: paddingBefore.map(Int64.init),
            paddingEnd: (0..<spatialRank).map { index in
                let reach = dilation[index] * (weight[index + 2] - 1) + 1
                return Int64((output[index + 2] - 1) * stride[index] + reach - input[index + 2] - paddingBefore[index])
            })
    }

    /// The taps of a dimension that some window lays on the input, one of three for a plane of one pixel; all of them if
    /// there are none, or if the first window would begin behind the input's start without the others.
    func usedTaps(x: Shape, weight: Shape, y: Shape, dimension: Int) -> Range<Int> {
        let (stride, dilation) = (stride[dimension], dilation[dimension])
        let used = (0..<weight[dimension + 2]).filter { tap in
            (0..<y[dimension + 2]).contains {
                (0..<x[dimension + 2]).contains($0 * stride + tap * dilation - paddingBefore[dimension])
            }
        }
        guard let first = used.first, let last = used.last, paddingBefore[dimension] >= first * dilation
        else { return 0..<weight[dimension + 2] }
        return first..<last + 1
    }

    /// The kernel that oneDNN made, unless it is none to be used; nil asks for ``PlaneConvolution``.
    ///
    /// Those are oneDNN's reference, what it refuses altogether (an output padding beyond the stride), and its matrix
    /// products for convolutions with groups, one small product a group: 1 to 9 GFLOP/s where ours reach 20 to 90.
    func usable(_ handle: OpaquePointer?) -> OneDNNPrimitive? {
        guard handle != nil, let primitive = try? OneDNNPrimitive(handle), !primitive.isReference else { return nil }
        return groups > 1 && primitive.implementation.contains("gemm") ? nil : primitive
    }
}

struct OneDNNWindow {
    var stride: [Int64]
    var dilation: [Int64]
    var paddingBegin: [Int64]
    var paddingEnd: [Int64]
}

extension StepDescription {
    /// Whether a convolution in any direction has the types and sizes that oneDNN computes.
    var isSupportedConvolution: Bool {
        (inputs + outputs).allSatisfy { $0.spec.dtype == .float32 && $0.spec.shape.elementCount > 0 }
    }
}

extension Activation? {
    var oneDNN: ApusPostOperations {
        var operations = ApusPostOperations()
        switch self {
        case .relu: operations.activation = .reLU
        case .sigmoid: operations.activation = .sigmoid
        case .tanh: operations.activation = .tanh
        case nil: operations.activation = .none
        }
        return operations
    }

    var lanes: CKernels.ApusActivation {
        switch self {
        case .relu: ApusActivationRelu
        case .sigmoid: ApusActivationSigmoid
        case .tanh: ApusActivationTanh
        case nil: ApusActivationNone
        }
    }
}
