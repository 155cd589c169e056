import ApusGraph
import CCUDA

/// The three products that a convolution and its gradients are.
enum ConvolutionDirection: Sendable {
    /// x and the weight give y.
    case forward
    /// dy and the weight give dx.
    case inputGradient
    /// x and dy give the weight's gradient.
    case weightGradient
}

/// A convolution's attributes and the shapes of its three tensors.
struct ConvolutionShapes: Sendable {
    let geometry: ConvolutionGeometry
    let x: Shape
    let weight: Shape
    let y: Shape
    let dtype: DType
    /// What factors are multiplied as. Where that is a type of 16 bits, all three tensors lie as such, with channels last
    /// (``CUDALayout/channelsLast(_:)``); sums are `float`.
    var factors = FactorType.full

    /// The type of 16 bits; nil for others.
    var half: HalfType? { factors.half }
}

/// A convolution in one direction, with the algorithm that cuDNN chose for its sizes.
///
/// Algorithms are deterministic and compute in true single or double precision, or multiply what ``FactorType`` says. Those
/// by Fourier transforms are left out: what they lose in accuracy depends on the largest values of an image.
final class CUDNNConvolution: @unchecked Sendable {
    /// The workspace that ``run(_:_:_:workspace:)`` needs.
    let workspaceBytes: Int
    private let library: CUDNN
    private let direction: ConvolutionDirection
    private let dtype: DType
    private let descriptors: Descriptors
    private let algorithm: Int32

    /// An algorithm, and the arithmetic that it is meant with where there is a choice.
    private struct Candidate {
        let algorithm: Int32
        var mathType: Int32?
    }

    fileprivate struct Descriptors {
        let x: LibraryObject
        let y: LibraryObject
        let weight: LibraryObject
        let convolution: LibraryObject
    }

    /// nil where cuDNN has no such convolution.
    ///
    /// - Parameters:
    ///   - workspaceLimit: the most bytes that the algorithm may use beside its operands.
    init?(
        _ library: CUDNN, _ direction: ConvolutionDirection, _ shapes: ConvolutionShapes, workspaceLimit: Int
    ) throws {
        guard shapes.suitsCUDNN, shapes.isSymmetric, let descriptors = try library.descriptors(shapes) else {
            return nil
        }
        (self.library, self.direction, self.dtype) = (library, direction, shapes.dtype)
        self.descriptors = descriptors
        let candidates = try Self.candidates(library, direction, descriptors, shapes.factors)
        for candidate in candidates {
            if let mathType = candidate.mathType {
                try library.setMathType(mathType, of: descriptors.convolution)
            }
            var bytes = 0
            let status = Self.workspaceBytes(library, direction, descriptors, candidate.algorithm, &bytes)
            guard try library.admits(status, "plan a convolution"), bytes <= workspaceLimit else { continue }
            (algorithm, workspaceBytes) = (candidate.algorithm, bytes)
            return
        }
        return nil
    }

    /// The algorithms that may be used, the fastest by cuDNN's own judgement first.
    private static func candidates(
        _ library: CUDNN, _ direction: ConvolutionDirection, _ descriptors: Descriptors, _ factors: FactorType
    ) throws -> [Candidate] {
        var found = [ApusCUDNNAlgorithm](repeating: ApusCUDNNAlgorithm(), count: 16)
        var count: Int32 = 0
        let (handle, table, capacity) = (library.handle, library.table, Int32(found.count))
        let (x, y) = (descriptors.x.pointer, descriptors.y.pointer)
        let (weight, convolution) = (descriptors.weight.pointer, descriptors.convolution.pointer)
        let status: Int32
        let fourier: [Int]
        let last: Int
        switch direction {
        case .forward:
            status = table.pointee.cudnnGetConvolutionForwardAlgorithm(
                handle, x, weight, convolution, y, capacity, &count, &found)
            fourier = [ApusCUDNNForwardFFT, ApusCUDNNForwardFFTTiling]
            last = ApusCUDNNForwardImplicitGEMM
        case .inputGradient:
            status = table.pointee.cudnnGetConvolutionBackwardDataAlgorithm(
                handle, weight, y, convolution, x, capacity, &count, &found)
            fourier = [ApusCUDNNInputGradientFFT, ApusCUDNNInputGradientFFTTiling]
            last = ApusCUDNNInputGradientImplicitGEMM
        case .weightGradient:
            status = table.pointee.cudnnGetConvolutionBackwardFilterAlgorithm(
                handle, x, y, convolution, weight, capacity, &count, &found)
            fourier = [ApusCUDNNWeightGradientFFT, ApusCUDNNWeightGradientFFTTiling]
            last = ApusCUDNNWeightGradientImplicitGEMM
        }
        let plain = Candidate(
            algorithm: Int32(last), mathType: factors == .full ? nil : factors.cudnnMathType)
        guard try library.admits(status, "plan a convolution") else { return [plain] }
        var mathTypes = [ApusCUDNNDefaultMath, ApusCUDNNFusedMultiplyAdd]
        if factors != .full { mathTypes.append(ApusCUDNNTensorMath) }
        let usable = found.prefix(Int(count)).filter { result in
            result.status == 0 && result.determinism == ApusCUDNNDeterministic
                && mathTypes.contains(Int(result.mathType)) && !fourier.contains(Int(result.algorithm))
        }
        return usable.map { Candidate(algorithm: $0.algorithm, mathType: factors == .full ? nil : $0.mathType) }
            + [plain]
    }

    private static func workspaceBytes(
        _ library: CUDNN, _ direction: ConvolutionDirection, _ descriptors: Descriptors, _ algorithm: Int32,
        _ bytes: inout Int
    ) -> Int32 {
        let (handle, table) = (library.handle, library.table)
        let (x, y) = (descriptors.x.pointer, descriptors.y.pointer)
        let (weight, convolution) = (descriptors.weight.pointer, descriptors.convolution.pointer)
        switch direction {
        case .forward:
            return table.pointee.cudnnGetConvolutionForwardWorkspaceSize(
                handle, x, weight, convolution, y, algorithm, &bytes)
        case .inputGradient:
            return table.pointee.cudnnGetConvolutionBackwardDataWorkspaceSize(
                handle, weight, y, convolution, x, algorithm, &bytes)
        case .weightGradient:
            return table.pointee.cudnnGetConvolutionBackwardFilterWorkspaceSize(
                handle, x, y, convolution, weight, algorithm, &bytes)
        }
    }

    /// Puts the convolution into the queue; false, with nothing done, where cuDNN has no kernel for it after all.
    ///
    /// - Parameters:
    ///   - first: x, or dy for the gradient by x.
    ///   - second: the weight, or dy for the gradient by the weight.
    ///   - result: what is written.
    func run(
        _ first: UnsafeMutableRawPointer, _ second: UnsafeMutableRawPointer, _ result: UnsafeMutableRawPointer,
        workspace: UnsafeMutableRawPointer
    ) throws -> Bool {
        let (handle, table) = (library.handle, library.table)
        let (x, y) = (descriptors.x.pointer, descriptors.y.pointer)
        let (weight, convolution) = (descriptors.weight.pointer, descriptors.convolution.pointer)
        let status = withOneAndZero(dtype) { one, zero in
            switch direction {
            case .forward:
                table.pointee.cudnnConvolutionForward(
                    handle, one, x, first, weight, second, convolution, algorithm, workspace, workspaceBytes, zero, y,
                    result)
            case .inputGradient:
                table.pointee.cudnnConvolutionBackwardData(
                    handle, one, weight, second, y, first, convolution, algorithm, workspace, workspaceBytes, zero, x,
                    result)
            case .weightGradient:
                table.pointee.cudnnConvolutionBackwardFilter(
                    handle, one, x, first, y, second, convolution, algorithm, workspace, workspaceBytes, zero, weight,
                    result)
            }
        }
        return try library.admits(status, "compute a convolution")
    }
}

extension FactorType {
    /// The arithmetic that cuDNN is asked for.
    fileprivate var cudnnMathType: Int32 {
        switch self {
        case .full: Int32(ApusCUDNNFusedMultiplyAdd)
        case .tensorFloat32: Int32(ApusCUDNNDefaultMath)
        case .half: Int32(ApusCUDNNTensorMath)
        }
    }
}

extension HalfType {
    fileprivate var cudnn: Int32 {
        switch self {
        case .bfloat16: Int32(ApusCUDNNBFloat16)
        case .float16: Int32(ApusCUDNNFloat16)
        }
    }
}

extension ConvolutionShapes {
    /// Whether there is something to compute, with 32-bit indices.
    var suitsCUDNN: Bool {
        [x, weight, y].map(\.elementCount).allSatisfy { $0 > 0 && $0 <= Int(Int32.max) }
    }

    /// Whether the same padding on both sides gives the result's size, as cuDNN has it: the padding after the last
    /// element means nothing else.
    var isSymmetric: Bool {
        var symmetric = geometry
        symmetric.paddingAfter = geometry.paddingBefore
        return (0..<geometry.spatialRank).allSatisfy { dimension in
            symmetric.outputSize(x[dimension + 2], kernel: weight[dimension + 2], dimension) == y[dimension + 2]
        }
    }

    /// Whether each group has one input channel.
    var isDepthwise: Bool { geometry.groups > 1 && weight[1] == 1 }
}

extension CUDNN {
    /// cuDNN's descriptors of tensors, filter and convolution; nil where it refuses one.
    ///
    /// It knows no convolution along one dimension: those get a second one of size 1.
    fileprivate func descriptors(_ shapes: ConvolutionShapes) throws -> CUDNNConvolution.Descriptors? {
        let geometry = shapes.geometry
        let computeType = Int32(shapes.dtype == .float64 ? ApusCUDNNDouble : ApusCUDNNFloat)
        let type = shapes.half?.cudnn ?? computeType
        let isChannelsLast = shapes.half != nil
        func spatial(_ values: [Int], filler: Int32) -> [Int32] {
            (values.count == 1 ? [filler] : []) + values.map { Int32(clamping: $0) }
        }
        func sizes(_ shape: Shape) -> [Int32] {
            shape.dimensions.prefix(2).map { Int32(clamping: $0) }
                + spatial(Array(shape.dimensions.dropFirst(2)), filler: 1)
        }
        guard let x = try tensor(sizes(shapes.x), type, isChannelsLast: isChannelsLast),
            let y = try tensor(sizes(shapes.y), type, isChannelsLast: isChannelsLast),
            let weight = try filter(sizes(shapes.weight), type, isChannelsLast: isChannelsLast)
        else { return nil }
        let convolution = try LibraryObject(
            create: { try check(table.pointee.cudnnCreateConvolutionDescriptor($0), "describe a convolution") },
            destroy: table.pointee.cudnnDestroyConvolutionDescriptor)
        let padding = spatial(geometry.paddingBefore, filler: 0)
        let status = table.pointee.cudnnSetConvolutionNdDescriptor(
            convolution.pointer, Int32(padding.count), padding, spatial(geometry.stride, filler: 1),
            spatial(geometry.dilation, filler: 1), Int32(ApusCUDNNCrossCorrelation), computeType)
        guard try admits(status, "describe a convolution"),
            try admits(
                table.pointee.cudnnSetConvolutionGroupCount(convolution.pointer, Int32(clamping: geometry.groups)),
                "describe a convolution")
        else { return nil }
        try setMathType(shapes.factors.cudnnMathType, of: convolution)
        return CUDNNConvolution.Descriptors(x: x, y: y, weight: weight, convolution: convolution)
    }

    /// Chooses the arithmetic of a convolution.
    fileprivate func setMathType(_ mathType: Int32, of convolution: LibraryObject) throws {
        try check(
            table.pointee.cudnnSetConvolutionMathType(convolution.pointer, mathType), "describe a convolution")
    }

    private func tensor(_ sizes: [Int32], _ type: Int32, isChannelsLast: Bool) throws -> LibraryObject? {
        let tensor = try LibraryObject(
            create: { try check(table.pointee.cudnnCreateTensorDescriptor($0), "describe a tensor") },
            destroy: table.pointee.cudnnDestroyTensorDescriptor)
        var strides = sizes
        var stride: Int32 = 1
        let order = isChannelsLast ? [1] + sizes.indices.dropFirst(2).reversed() + [0] : sizes.indices.reversed()
        for index in order {
            strides[index] = stride
            stride *= sizes[index]
        }
        let status = table.pointee.cudnnSetTensorNdDescriptor(
            tensor.pointer, type, Int32(sizes.count), sizes, strides)
        return try admits(status, "describe a tensor") ? tensor : nil
    }

    private func filter(_ sizes: [Int32], _ type: Int32, isChannelsLast: Bool) throws -> LibraryObject? {
        let filter = try LibraryObject(
            create: { try check(table.pointee.cudnnCreateFilterDescriptor($0), "describe a filter") },
            destroy: table.pointee.cudnnDestroyFilterDescriptor)
        let status = table.pointee.cudnnSetFilterNdDescriptor(
            filter.pointer, type, Int32(isChannelsLast ? ApusCUDNNChannelsLastFormat : ApusCUDNNPlainFormat),
            Int32(sizes.count), sizes)
        return try admits(status, "describe a filter") ? filter : nil
    }
}
