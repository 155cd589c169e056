import ApusGraph
import ApusPlan
import ApusTestSupport
import Testing

@testable import ApusCPU

/// A convolution of two spatial dimensions and one group, for kernels of channels in blocks of a vector.
struct BlockConvolutionCase: CustomTestStringConvertible, Sendable {
    var x: Shape
    var outputs: Int
    var kernel: [Int]
    var stride = [1, 1]
    /// Above, left, below and right.
    var padding = [0, 0, 0, 0]
    var dilation = [1, 1]

    var geometry: ConvolutionGeometry {
        ConvolutionGeometry(
            stride: stride, paddingBefore: Array(padding[..<2]), paddingAfter: Array(padding[2...]),
            dilation: dilation, groups: 1)
    }
    var weight: Shape { [outputs, x[1], kernel[0], kernel[1]] }
    var y: Shape {
        Shape([x[0], outputs] + (0..<2).map { geometry.outputSize(x[$0 + 2], kernel: kernel[$0], $0) })
    }
    var testDescription: String {
        "\(x.brackets) to \(y.brackets), kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation)"
    }

    /// Batches of one image, some, and several groups, of which a task has one or several; planes of one pixel and more; kernels of 1, 3, 5, 7 and oblong ones;
    /// strides, dilations, padding on any side and beyond the kernel's reach; one block of channels and several, in pairs
    /// and not.
    static let batches = [
        Self(x: [1, 16, 1, 1], outputs: 16, kernel: [1, 1]),
        Self(x: [17, 32, 1, 1], outputs: 16, kernel: [3, 3], padding: [1, 1, 1, 1]),
        Self(x: [3, 48, 2, 2], outputs: 16, kernel: [3, 3], padding: [1, 1, 1, 1]),
        Self(x: [17, 16, 3, 3], outputs: 48, kernel: [5, 5], padding: [2, 2, 2, 2]),
        Self(x: [7, 16, 7, 7], outputs: 32, kernel: [5, 5], padding: [2, 2, 2, 2]),
        Self(x: [3, 16, 14, 14], outputs: 16, kernel: [5, 5], padding: [2, 2, 2, 2]),
        Self(x: [5, 32, 12, 10], outputs: 32, kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1]),
        Self(x: [3, 16, 21, 20], outputs: 16, kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1]),
        Self(x: [6, 80, 5, 4], outputs: 48, kernel: [1, 1], stride: [2, 2]),
        Self(x: [2, 16, 16, 15], outputs: 16, kernel: [7, 7], stride: [2, 2], padding: [3, 3, 3, 3]),
        Self(x: [13, 16, 11, 12], outputs: 16, kernel: [3, 2], stride: [3, 2], padding: [0, 1, 2, 0]),
        Self(
            x: [4, 16, 13, 9], outputs: 32, kernel: [3, 3], stride: [2, 3], padding: [2, 1, 0, 3], dilation: [2, 2]),
        Self(
            x: [8, 16, 9, 12], outputs: 16, kernel: [3, 3], padding: [4, 0, 0, 4], dilation: [2, 3]),
        Self(x: [9, 16, 1, 30], outputs: 16, kernel: [1, 5], stride: [1, 4], padding: [0, 2, 0, 2]),
        Self(x: [6, 32, 3, 3], outputs: 16, kernel: [3, 3], padding: [2, 2, 2, 2]),
        Self(x: [100, 32, 1, 1], outputs: 48, kernel: [3, 3], padding: [1, 1, 1, 1]),
        Self(x: [50, 16, 2, 2], outputs: 32, kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1]),
        Self(x: [29, 32, 4, 4], outputs: 16, kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1]),
        Self(x: [31, 16, 4, 4], outputs: 48, kernel: [1, 1], stride: [2, 2]),
        Self(x: [4, 16, 1, 1], outputs: 16, kernel: [7, 7], padding: [3, 3, 3, 3]),
    ]
}
