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

    /// Row-major, or with the given strides.
    static func plain(
        _ dimensions: [Int], strides: [Int]? = nil, _ precision: Precision = .full
    ) throws -> OneDNNDescriptor {
        let sizes = dimensions.map(Int64.init)
        if let strides = strides?.map(Int64.init) {
            return try OneDNNDescriptor(
                apus_memory_descriptor_create(Int32(sizes.count), sizes, strides, precision.oneDNN))
        }
        return try OneDNNDescriptor(
            apus_memory_descriptor_create(Int32(sizes.count), sizes, nil, precision.oneDNN))
    }

    /// In the layout that suits a primitive best.
    static func any(_ dimensions: [Int], _ precision: Precision = .full) throws -> OneDNNDescriptor {
        let sizes = dimensions.map(Int64.init)
        return try OneDNNDescriptor(
            apus_memory_descriptor_create_any(Int32(sizes.count), sizes, precision.oneDNN))
    }

    /// The logical sizes.
    var dimensions: [Int] {
        var sizes = [Int64](repeating: 0, count: Int(apus_memory_descriptor_rank(handle)))
        apus_memory_descriptor_dimensions(handle, &sizes)
        return sizes.map(Int.init)
    }

    /// Whether the elements are `bfloat16` where the tensor's are `float32`.
    var isBFloat16: Bool { key.hasPrefix("bf16") }

    var byteCount: Int { Int(apus_memory_descriptor_bytes(handle)) }
    var isPlain: Bool { apus_memory_descriptor_is_plain(handle) }
    var hasPadding: Bool { apus_memory_descriptor_has_padding(handle) }
    /// The block of channels of `nChw16c` and its kin; 0 for other layouts.
    var channelBlock: Int { Int(apus_memory_descriptor_channel_block(handle)) }

    /// As a layout of the plan.
    var layout: PhysicalLayout {
        isPlain && !isBFloat16 ? .plain : PhysicalLayout(name: key, byteCount: byteCount, descriptor: self)
    }
}

struct OneDNNError: Error, CustomStringConvertible {
    let description: String

    static var last: OneDNNError { OneDNNError(description: "oneDNN: " + String(cString: apus_onednn_last_error())) }
}

extension Precision {
    var oneDNN: ApusOneDNNDataType { self == .bfloat16 ? .bFloat16 : .float32 }
}

extension PhysicalLayout {
    /// Row-major with elements of `bfloat16`.
    static func bfloat16(_ shape: Shape) throws -> PhysicalLayout {
        try OneDNNDescriptor.plain(shape.dimensions, .bfloat16).layout
    }

    /// Whether the elements lie as `bfloat16`.
    var isBFloat16: Bool { oneDNN?.isBFloat16 ?? false }

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
