import ApusPlan
import COneDNN

/// A kernel of oneDNN for given shapes and layouts.
final class OneDNNPrimitive: @unchecked Sendable {
    private let handle: OpaquePointer

    /// Takes over a handle; throws oneDNN's message where there is none.
    init(_ handle: OpaquePointer?) throws {
        guard let handle else { throw OneDNNError.last }
        self.handle = handle
    }

    deinit { apus_onednn_primitive_free(handle) }

    /// Whether this is oneDNN's unoptimised code, a thousand times slower.
    var isReference: Bool { apus_onednn_is_reference(handle) }
    var implementation: String { String(cString: apus_onednn_primitive_implementation(handle)) }
    var scratchBytes: Int { Int(apus_onednn_primitive_scratch_bytes(handle)) }

    /// The layout that the primitive chose for an operand.
    func layout(_ role: ApusArgumentRole) throws -> PhysicalLayout {
        try OneDNNDescriptor(apus_onednn_primitive_descriptor(handle, role, 0)).layout
    }

    /// The primitive as a step whose operands have the given roles, in order; nil marks one that it does not read.
    func step(_ roles: [ApusArgumentRole?]) -> PreparedStep {
        let kernel = OneDNNKernel(self, roles)
        return PreparedStep(
            kernel: implementation, scratchBytes: scratchBytes,
            run: { operands, scratch in try kernel.run(operands, scratch) })
    }

    fileprivate func execute(_ arguments: UnsafeMutableBufferPointer<ApusArgument>, _ scratch: UnsafeMutableRawPointer)
        throws
    {
        guard let base = arguments.baseAddress,
            apus_onednn_execute(handle, base, Int32(arguments.count), scratch) == 0
        else { throw OneDNNError.last }
    }
}

/// A primitive with its list of arguments, which is filled at each run.
private final class OneDNNKernel: @unchecked Sendable {
    private let primitive: OneDNNPrimitive
    private let positions: [Int]
    private let arguments: UnsafeMutableBufferPointer<ApusArgument>

    init(_ primitive: OneDNNPrimitive, _ roles: [ApusArgumentRole?]) {
        self.primitive = primitive
        let used = roles.enumerated().compactMap { position, role in role.map { (position, $0) } }
        positions = used.map(\.0)
        arguments = .allocate(capacity: used.count)
        for (index, (_, role)) in used.enumerated() {
            arguments.initializeElement(at: index, to: ApusArgument(role: role, index: 0, data: nil))
        }
    }

    deinit { arguments.deallocate() }

    func run(_ operands: Operands, _ scratch: UnsafeMutableRawPointer) throws {
        for (index, position) in positions.enumerated() { arguments[index].data = operands[position] }
        try primitive.execute(arguments, scratch)
    }
}
