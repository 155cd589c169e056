import ApusGraph
import CCUDA

/// cuBLASLt on one GPU: matrix products.
final class CUBLASLt: @unchecked Sendable {
    let table: UnsafePointer<ApusCUBLASLt>
    let handle: OpaquePointer

    init() throws {
        table = try CUDALibraries.cublasLt()
        var handle: OpaquePointer?
        let result = table.pointee.cublasLtCreate(&handle)
        guard result == 0, let handle else {
            throw CUDAError(
                "cuBLASLt does not start: \(String(cString: table.pointee.cublasLtGetStatusName(result))).")
        }
        self.handle = handle
    }

    /// Throws where cuBLASLt refused.
    func check(_ result: Int32, _ what: String) throws {
        guard result != 0 else { return }
        throw CUDAError(
            "cuBLASLt could not \(what): \(String(cString: table.pointee.cublasLtGetStatusName(result)))")
    }
}

/// A product of row-major matrices, or of stacks of them, with the algorithm that cuBLASLt chose for its sizes.
///
/// cuBLASLt's matrices are column-major: a row-major matrix is a column-major one transposed. C = A · B is computed as
/// Cᵀ = Bᵀ · Aᵀ, so that cuBLASLt's first factor is the right one.
final class CUBLASLtProduct: @unchecked Sendable {
    /// The workspace that ``run(_:_:_:bias:workspace:on:)`` needs.
    let workspaceBytes: Int
    private let library: CUBLASLt
    private let dtype: DType
    private let product: LibraryObject
    private let left: LibraryObject
    private let right: LibraryObject
    private let result: LibraryObject
    private let algorithm: ApusCUBLASLtAlgorithm

    /// What NVIDIA recommends for an H100.
    private static let workspaceLimit: UInt64 = 32 << 20
    /// Operands begin at multiples of this.
    private static let alignment = 16

    /// nil where cuBLASLt has no algorithm.
    ///
    /// - Parameters:
    ///   - sizes: how many matrices, and M, K and N.
    ///   - dtype: the type of the result and, unless they lie as numbers of 16 bits, of the factors.
    ///   - factors: what the factors are multiplied as, and lie as where that has 16 bits.
    ///   - hasBias: whether a vector of N numbers is added to each row; for single precision, without a stack.
    init?(
        _ library: CUBLASLt, sizes: (batch: Int, m: Int, k: Int, n: Int), transposesLeft: Bool, transposesRight: Bool,
        dtype: DType, factors: FactorType, hasBias: Bool
    ) throws {
        guard sizes.batch <= Int(Int32.max) else { return nil }
        (self.library, self.dtype) = (library, dtype)
        let isDouble = dtype == .float64
        let table = library.table
        let type = Int32(isDouble ? ApusCUBLASLtDouble : ApusCUBLASLtFloat)
        let compute =
            switch factors {
            case .tensorFloat32 where !isDouble: ApusCUBLASLtComputeTensorFloat32
            case .full, .half, .tensorFloat32: isDouble ? ApusCUBLASLtComputeDouble : ApusCUBLASLtComputeFloat
            }
        let product = try LibraryObject(
            create: { pointer in
                try library.check(
                    table.pointee.cublasLtMatmulDescCreate(pointer, Int32(compute), type), "describe a product")
            }, destroy: table.pointee.cublasLtMatmulDescDestroy)
        try library.set(product, ApusCUBLASLtTransposeA, Self.transposition(transposesRight))
        try library.set(product, ApusCUBLASLtTransposeB, Self.transposition(transposesLeft))
        if hasBias {
            try library.set(product, ApusCUBLASLtEpilogue, UInt32(ApusCUBLASLtEpilogueBias))
            // Any address with the alignment that the later ones have; nothing is read there.
            try library.set(product, ApusCUBLASLtBiasAddress, UInt(Self.alignment))
        }
        func factor(_ rows: Int, _ columns: Int) throws -> LibraryObject {
            try library.matrix(factors.half?.cublasLt ?? type, rows: rows, columns: columns, batch: sizes.batch)
        }
        left = try transposesLeft ? factor(sizes.k, sizes.m) : factor(sizes.m, sizes.k)
        right = try transposesRight ? factor(sizes.n, sizes.k) : factor(sizes.k, sizes.n)
        result = try library.matrix(type, rows: sizes.m, columns: sizes.n, batch: sizes.batch)
        self.product = product
        let preference = try library.preference(workspace: Self.workspaceLimit, alignment: UInt32(Self.alignment))
        var found = ApusCUBLASLtHeuristic()
        var count: Int32 = 0
        let status = table.pointee.cublasLtMatmulAlgoGetHeuristic(
            library.handle, product.pointer, right.pointer, left.pointer, result.pointer, result.pointer,
            preference.pointer, 1, &found, &count)
        guard status == 0, count > 0, found.state == 0 else { return nil }
        algorithm = found.algorithm
        workspaceBytes = found.workspaceBytes
    }

    private static func transposition(_ isTransposed: Bool) -> Int32 {
        Int32(isTransposed ? ApusCUBLASLtTransposed : ApusCUBLASLtPlain)
    }

    /// Puts the product into the queue.
    func run(
        _ leftAddress: UnsafeMutableRawPointer, _ rightAddress: UnsafeMutableRawPointer,
        _ resultAddress: UnsafeMutableRawPointer, bias: UnsafeMutableRawPointer?, workspace: UnsafeMutableRawPointer,
        on stream: ApusCUstream
    ) throws {
        if let bias { try library.set(product, ApusCUBLASLtBiasAddress, UInt(bitPattern: bias)) }
        let status = withOneAndZero(dtype) { one, zero in
            withUnsafePointer(to: algorithm) { algorithm in
                library.table.pointee.cublasLtMatmul(
                    library.handle, product.pointer, one, rightAddress, right.pointer, leftAddress, left.pointer, zero,
                    resultAddress, result.pointer, resultAddress, result.pointer, algorithm, workspace, workspaceBytes,
                    stream)
            }
        }
        try library.check(status, "multiply matrices")
    }
}

extension HalfType {
    fileprivate var cublasLt: Int32 {
        switch self {
        case .bfloat16: Int32(ApusCUBLASLtBFloat16)
        case .float16: Int32(ApusCUBLASLtFloat16)
        }
    }
}

extension CUBLASLt {
    fileprivate func set<Value: BitwiseCopyable>(_ product: LibraryObject, _ attribute: Int, _ value: Value) throws {
        let status = withUnsafeBytes(of: value) { bytes in
            bytes.baseAddress.map {
                table.pointee.cublasLtMatmulDescSetAttribute(product.pointer, Int32(attribute), $0, bytes.count)
            }
        }
        try check(status ?? 0, "describe a product")
    }

    /// A row-major matrix of so many rows and columns, or a stack of them without gaps.
    fileprivate func matrix(_ type: Int32, rows: Int, columns: Int, batch: Int) throws -> LibraryObject {
        let matrix = try LibraryObject(
            create: { pointer in
                try check(
                    table.pointee.cublasLtMatrixLayoutCreate(
                        pointer, type, UInt64(columns), UInt64(rows), Int64(columns)), "describe a matrix")
            }, destroy: table.pointee.cublasLtMatrixLayoutDestroy)
        guard batch > 1 else { return matrix }
        var count = Int32(batch)
        var stride = Int64(rows * columns)
        try check(
            table.pointee.cublasLtMatrixLayoutSetAttribute(
                matrix.pointer, Int32(ApusCUBLASLtBatchCount), &count, MemoryLayout.size(ofValue: count)),
            "describe a matrix")
        try check(
            table.pointee.cublasLtMatrixLayoutSetAttribute(
                matrix.pointer, Int32(ApusCUBLASLtBatchStride), &stride, MemoryLayout.size(ofValue: stride)),
            "describe a matrix")
        return matrix
    }

    /// What algorithms may be: so much memory, operands so aligned, and sums in the same order in every run.
    fileprivate func preference(workspace: UInt64, alignment: UInt32) throws -> LibraryObject {
        let preference = try LibraryObject(
            create: { try check(table.pointee.cublasLtMatmulPreferenceCreate($0), "describe what is wanted") },
            destroy: table.pointee.cublasLtMatmulPreferenceDestroy)
        func set<Value: BitwiseCopyable>(_ attribute: Int, _ value: Value) throws {
            let status = withUnsafeBytes(of: value) { bytes in
                bytes.baseAddress.map {
                    table.pointee.cublasLtMatmulPreferenceSetAttribute(
                        preference.pointer, Int32(attribute), $0, bytes.count)
                }
            }
            try check(status ?? 0, "describe what is wanted")
        }
        try set(ApusCUBLASLtMaxWorkspaceBytes, workspace)
        try set(
            ApusCUBLASLtReductionMask, UInt32(ApusCUBLASLtReductionComputeType | ApusCUBLASLtReductionOutputType))
        for operand in [
            ApusCUBLASLtMinAlignmentA, ApusCUBLASLtMinAlignmentB, ApusCUBLASLtMinAlignmentC, ApusCUBLASLtMinAlignmentD,
        ] {
            try set(operand, alignment)
        }
        return preference
    }
}
