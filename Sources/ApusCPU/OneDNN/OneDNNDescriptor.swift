import ApusGraph
import ApusPlan
import COneDNN

/// Shape, type and layout of a memory, in oneDNN's terms.
final class OneDNNDescriptor: @unchecked Sendable {
    let handle: OpaquePointer
    /// Equal for equal descriptors.
    let key: String

    /// Takes over a handle; throws oneDNN's message where there is none.
    init(_ handle: OpaquePointer?) throws {
        guard let handle else { throw OneDNNError.last }
        self.handle = handle
        let length = Int(apus_memory_descriptor_key(handle, nil, 0))
        var buffer = [CChar](repeating: 0, count: length + 1)
        apus_memory_descriptor_key(handle, &buffer, buffer.count)
        key = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { apus_memory_descriptor_free(handle) }

    /// Row-major float32, or with the given strides.
    static func plain(_ dimensions: [Int], strides: [Int]? = nil) throws -> OneDNNDescriptor {
        let sizes = dimensions.map(Int64.init)
        if let strides = strides?.map(Int64.init) {
            return try OneDNNDescriptor(
                apus_memory_descriptor_create(Int32(sizes.count), sizes, strides, .float32))
        }
        return try OneDNNDescriptor(
            apus_memory_descriptor_create(Int32(sizes.count), sizes, nil, .float32))
    }

    /// float32 in the layout that suits a primitive best.
    static func any(_ dimensions: [Int]) throws -> OneDNNDescriptor {
        let sizes = dimensions.map(Int64.init)
        return try OneDNNDescriptor(
            apus_memory_descriptor_create_any(Int32(sizes.count), sizes, .float32))
    }

    /// The logical sizes.
    var dimensions: [Int] {
        var sizes = [Int64](repeating: 0, count: Int(apus_memory_descriptor_rank(handle)))
        apus_memory_descriptor_dimensions(handle, &sizes)
        return sizes.map(Int.init)
    }

    var byteCount: Int { Int(apus_memory_descriptor_bytes(handle)) }
    var isPlain: Bool { apus_memory_descriptor_is_plain(handle) }
    var hasPadding: Bool { apus_memory_descriptor_has_padding(handle) }
    /// The block of channels of `nChw16c` and its kin; 0 for other layouts.
    var channelBlock: Int { Int(apus_memory_descriptor_channel_block(handle)) }

    /// As a layout of the plan.
    var layout: PhysicalLayout {
        isPlain ? .plain : PhysicalLayout(name: key, byteCount: byteCount, descriptor: self)
    }
}

struct OneDNNError: Error, CustomStringConvertible {
    let description: String

    static var last: OneDNNError { OneDNNError(description: "oneDNN: " + String(cString: apus_onednn_last_error())) }
}

extension PhysicalLayout {
    /// oneDNN's view of the layout, where it is one of its own.
    var oneDNN: OneDNNDescriptor? { descriptor as? OneDNNDescriptor }
}

extension PlannedValue {
    /// oneDNN's view of a value, as it lies; with other sizes of the same elements where `dimensions` are given (the
    /// groups of a weight).
    func oneDNNDescriptor(_ dimensions: [Int]? = nil) throws -> OneDNNDescriptor {
        if let own = layout.oneDNN { return own }
        return try .plain(dimensions ?? spec.shape.dimensions)
    }
}
