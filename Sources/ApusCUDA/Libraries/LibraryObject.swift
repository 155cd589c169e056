import ApusGraph

/// A descriptor of one of NVIDIA's libraries, which is given back when nobody needs it.
final class LibraryObject: @unchecked Sendable {
    let pointer: OpaquePointer
    private let destroy: (OpaquePointer?) -> Int32

    /// - Parameters:
    ///   - create: the library's function that makes the object; throws where the library refuses.
    ///   - destroy: the library's function that gives it back.
    init(
        create: (UnsafeMutablePointer<OpaquePointer?>) throws -> Void, destroy: @escaping (OpaquePointer?) -> Int32
    ) throws {
        var pointer: OpaquePointer?
        try create(&pointer)
        guard let pointer else { throw CUDAError("a library of CUDA made a descriptor at address 0.") }
        self.pointer = pointer
        self.destroy = destroy
    }

    deinit { _ = destroy(pointer) }
}

/// Calls `body` with 1 and 0, by which libraries scale results of the given type and what was there before.
func withOneAndZero<Result>(
    _ dtype: DType, _ body: (_ one: UnsafeRawPointer, _ zero: UnsafeRawPointer) throws -> Result
) rethrows -> Result {
    func call<Number: BinaryFloatingPoint>(_ one: Number, _ zero: Number) throws -> Result {
        try withUnsafePointer(to: one) { one in
            try withUnsafePointer(to: zero) { zero in try body(UnsafeRawPointer(one), UnsafeRawPointer(zero)) }
        }
    }
    return dtype == .float64 ? try call(1.0 as Double, 0) : try call(1.0 as Float, 0)
}
