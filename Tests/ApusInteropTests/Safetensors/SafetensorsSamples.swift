import ApusInterop

/// A safetensors file of the header `json`, as it stands, and `data`; `length` replaces the header's length.
func safetensors(_ json: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    let header = Array(json.utf8)
    return withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian) { Array($0) } + header + data
}

/// A tensor's member of the header.
func member(_ name: String, _ dtype: String, _ shape: [Int], _ begin: Int, _ end: Int) -> String {
    "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
}

/// A small file with tensors of five types, a scalar and an empty one.
func sampleTensors() -> [SafetensorsWriter.Tensor] {
    [
        .init(name: "mask", dtype: .bool, shape: [3], elements: [true, false, true]),
        .init(name: "weight", dtype: .float32, shape: [2, 3], elements: [1, -2, 3.5, 0, .pi, 1e-30] as [Float]),
        .init(name: "bias", dtype: .float32, shape: [], elements: [0.25] as [Float]),
        .init(name: "counter", dtype: .int64, shape: [1], elements: [-7] as [Int64]),
        .init(name: "loss", dtype: .float64, shape: [2], elements: [0.1, 2e300]),
        .init(name: "pixels", dtype: .uint8, shape: [1, 4], elements: [0, 1, 128, 255] as [UInt8]),
        .init(name: "empty", dtype: .float32, shape: [0, 5], elements: [] as [Float]),
    ]
}
