import ApusGraph
import ApusPlan
import ApusReference
import Testing

/// An array of a test: its numbers in double precision, and the type in which a kernel sees them.
struct Numbers: Equatable {
    var values: [Double]
    var shape: Shape
    var dtype: DType

    init(_ values: [Double], _ shape: Shape? = nil, _ dtype: DType = .float32) {
        self.values = values
        self.shape = shape ?? [values.count]
        self.dtype = dtype
    }

    var spec: TensorSpec { TensorSpec(shape, dtype) }

    /// The sum of products with the elements of another array.
    func dot(_ other: Numbers) -> Double { zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 } }
}

/// Runs a primitive through ``ReferenceBackend``, as a plan would.
func compute(_ primitive: any Primitive, _ inputs: Numbers...) throws -> [Numbers] {
    try compute(primitive, inputs)
}

func compute(_ primitive: any Primitive, _ inputs: [Numbers]) throws -> [Numbers] {
    let outputs = try primitive.infer(inputs.map(\.spec))
    let storages = (inputs.map(\.spec) + outputs).map { Storage(byteCount: $0.byteCount) }
    for (storage, input) in zip(storages, inputs) { MutableArrayView(storage.pointer, input.spec).store(input.values) }
    try run(primitive, inputs.map(\.spec), outputs, storages.map(\.pointer))
    return zip(storages.dropFirst(inputs.count), outputs).map { storage, spec in
        Numbers(ArrayView(UnsafeRawPointer(storage.pointer), spec).reals(), spec.shape, spec.dtype)
    }
}

/// Runs a primitive on memory that the caller chose.
func run(
    _ primitive: any Primitive, _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ pointers: [UnsafeMutableRawPointer]
) throws {
    let uses = outputs.map { _ in StepDescription.ResultUse(outlivesPlan: true, readers: []) }
    let step = StepDescription(
        primitive, inputs: inputs.map { PlannedValue($0) }, outputs: outputs.map { PlannedValue($0) }, uses: uses)
    let prepared = try #require(ReferenceBackend().prepare(step))
    #expect(prepared.kernel == "reference")
    let scratch = Storage(byteCount: prepared.scratchBytes)
    try pointers.withUnsafeBufferPointer { try prepared.run($0, scratch.pointer) }
}

/// Whether two lists of numbers agree to within a relative or absolute difference; NaN agrees with NaN.
func isClose(_ actual: [Double], _ expected: [Double], tolerance: Double) -> Bool {
    actual.count == expected.count
        && zip(actual, expected).allSatisfy {
            $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= tolerance * max(1, abs($1))
        }
}

/// Small integers that look arbitrary, so that sums of their products are exact in any order.
func smallIntegers(_ shape: Shape, seed: Int, _ dtype: DType = .float64) -> Numbers {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    let values = (0..<shape.elementCount).map { _ in
        // Constants of Knuth's MMIX generator; its high bits are the good ones.
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(Int(state >> 60)) - 7
    }
    return Numbers(values, shape, dtype)
}
