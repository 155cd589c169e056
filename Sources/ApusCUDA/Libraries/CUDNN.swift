import CCUDA

/// cuDNN on one GPU: convolutions.
final class CUDNN: @unchecked Sendable {
    let table: UnsafePointer<ApusCUDNN>
    let handle: OpaquePointer

    /// - Parameters:
    ///   - stream: the queue into which all work goes.
    init(_ stream: ApusCUstream) throws {
        // cuDNN loads both by their names alone: they are found where they are loaded already.
        _ = try CUDALibraries.cublasLt()
        _ = try CUDALibraries.nvrtc()
        let table = try CUDALibraries.cudnn()
        self.table = table
        var handle: OpaquePointer?
        try Self.check(table, table.pointee.cudnnCreate(&handle), "start")
        guard let handle else { throw CUDAError("cuDNN made a handle at address 0.") }
        self.handle = handle
        try Self.check(table, table.pointee.cudnnSetStream(handle, stream), "use the queue")
    }

    /// Throws where cuDNN refused.
    func check(_ result: Int32, _ what: String) throws { try Self.check(table, result, what) }

    /// Whether cuDNN took what it was asked for; false where it has no such convolution. Other refusals are errors.
    func admits(_ result: Int32, _ what: String) throws -> Bool {
        // The thousands tell the kind: 2 for parameters that are refused, 3 for what is not supported.
        if result / 1000 == 2 || result / 1000 == 3 { return false }
        try check(result, what)
        return true
    }

    private static func check(_ table: UnsafePointer<ApusCUDNN>, _ result: Int32, _ what: String) throws {
        guard result != 0 else { return }
        var message = [CChar](repeating: 0, count: 512)
        table.pointee.cudnnGetLastErrorString(&message, message.count)
        let details = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let name = String(cString: table.pointee.cudnnGetErrorString(result))
        throw CUDAError("cuDNN could not \(what): \(name)" + (details.isEmpty ? "" : " (\(details))"))
    }
}
