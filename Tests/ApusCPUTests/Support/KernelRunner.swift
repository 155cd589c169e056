import ApusGraph
import ApusPlan
import ApusReference
import COneDNN
import Foundation
import Testing

@testable import ApusCPU
@testable import ApusEngine

/// Memory with a strip on either side that nobody may write to.
final class GuardedMemory: @unchecked Sendable {
    private static let strip = 256
    private static let mark: UInt8 = 0xA5
    private let storage: Storage
    let byteCount: Int

    var pointer: UnsafeMutableRawPointer { storage.pointer + Self.strip }

    /// The bytes are those of a NaN, so that an element that is not written is noticed.
    init(byteCount: Int) {
        self.byteCount = byteCount
        storage = Storage(byteCount: byteCount + 2 * Self.strip)
        storage.pointer.initializeMemory(as: UInt8.self, repeating: Self.mark, count: byteCount + 2 * Self.strip)
        (storage.pointer + Self.strip).initializeMemory(as: UInt8.self, repeating: 0xFF, count: byteCount)
    }

    var isIntact: Bool {
        let bytes = UnsafeRawBufferPointer(start: storage.pointer, count: byteCount + 2 * Self.strip)
        return bytes.prefix(Self.strip).allSatisfy { $0 == Self.mark }
            && bytes.suffix(Self.strip).allSatisfy { $0 == Self.mark }
    }
}

/// A value in memory, in a layout.
struct Placed {
    let planned: PlannedValue
    let memory: GuardedMemory

    init(_ planned: PlannedValue) {
        self.planned = planned
        memory = GuardedMemory(byteCount: planned.byteCount)
    }

    init(_ planned: PlannedValue, in memory: GuardedMemory) {
        self.planned = planned
        self.memory = memory
    }
}

/// Runs single steps as a plan would: in the layouts that the backend asks for, with conversions where they differ.
enum KernelRunner {
    private static let backend = CPUBackend()
    private static let lock = NSLock()
    /// All steps are made and run on one thread, as in the engine: each thread that calls OpenMP has a pool of its own.
    @TaskLocal private static var thread = ComputeThread(prepare: CPUBackend.configureThread)
    /// Further threads, each with a pool of 1, 2, 3 … workers.
    private static let threadsWithPools = (1...4).map { count in
        ComputeThread(prepare: { apus_set_threads(Int32(count)) })
    }

    /// Runs `body` with steps on a pool of 1 to 4 workers.
    ///
    /// Only for steps without working memory for each worker, of which there is no more than the engine's pool needs.
    static func withWorkers<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
        try $thread.withValue(threadsWithPools[count - 1], operation: body)
    }

    static func onComputeThread<Result>(_ body: () throws -> Result) throws -> Result {
        try lock.withLock { try thread.run(body) }
    }

    /// An array in memory.
    static func place(_ array: TestArray, _ layout: PhysicalLayout = .plain) throws -> Placed {
        let plain = Placed(PlannedValue(array.spec))
        MutableArrayView(plain.memory.pointer, array.spec).store(array.values)
        return try relayout(plain, to: layout)
    }

    static func read(_ placed: Placed) throws -> TestArray {
        let plain = try relayout(placed, to: .plain)
        let view = ArrayView(UnsafeRawPointer(plain.memory.pointer), plain.planned.spec)
        return TestArray(view.reals(), view.shape, view.dtype)
    }

    static func relayout(_ placed: Placed, to layout: PhysicalLayout) throws -> Placed {
        guard placed.planned.layout != layout else { return placed }
        let target = Placed(PlannedValue(placed.planned.spec, layout))
        let step = StepDescription(Relayout(), inputs: [placed.planned], outputs: [target.planned], uses: [])
        let prepared = try #require(
            try onComputeThread { try backend.prepare(step) }, "no conversion to \(layout)")
        try run(prepared, [placed, target])
        return target
    }

    /// The results of a primitive on the CPU backend, in the layouts that it chose; nil where it has no kernel.
    ///
    /// - Parameters:
    ///   - uses: who reads the results; by default they outlive the plan.
    ///   - overwriting: the input over whose memory the first result is written.
    static func cpu(
        _ primitive: any Primitive, _ inputs: [Placed], uses: [StepDescription.ResultUse]? = nil,
        overwriting reused: Int? = nil
    ) throws -> [Placed]? {
        let specs = try primitive.infer(inputs.map(\.planned.spec))
        let asked = StepDescription(
            primitive, inputs: inputs.map(\.planned), outputs: specs.map { PlannedValue($0) },
            uses: uses ?? specs.map { _ in .init(outlivesPlan: true, readers: []) })
        guard let layouts = try onComputeThread({ try backend.layouts(for: asked) }) else { return nil }
        let operands = try zip(inputs, layouts.inputs).map { try relayout($0, to: $1) }
        var results = zip(specs, layouts.outputs).map { Placed(PlannedValue($0, $1)) }
        if let reused { results[0] = Placed(results[0].planned, in: operands[reused].memory) }
        let step = StepDescription(
            primitive, inputs: operands.map(\.planned), outputs: results.map(\.planned), uses: [])
        guard let prepared = try onComputeThread({ try backend.prepare(step) }) else {
            // The reference backend takes over in plain layouts only.
            #expect(
                (operands + results).allSatisfy { $0.planned.layout == .plain },
                "\(primitive.name) asks for layouts in which it has no kernel")
            return nil
        }
        try run(prepared, operands + results)
        for (number, result) in results.enumerated() {
            #expect(result.memory.isIntact, "\(primitive.name) writes beyond result \(number)")
        }
        return results
    }

    /// The plain results of a primitive on the CPU backend.
    static func cpu(_ primitive: any Primitive, _ inputs: [TestArray]) throws -> [TestArray] {
        let placed = try inputs.map { try place($0) }
        let results = try #require(
            try cpu(primitive, placed), "\(primitive.name) has no kernel for \(inputs.map(\.shape.brackets))")
        return try results.map(read)
    }

    static func reference(_ primitive: any Primitive, _ inputs: [TestArray]) throws -> [TestArray] {
        let operands = try inputs.map { try place($0) }
        let results = try primitive.infer(inputs.map(\.spec)).map { Placed(PlannedValue($0)) }
        let step = StepDescription(
            primitive, inputs: operands.map(\.planned), outputs: results.map(\.planned), uses: [])
        let prepared = try #require(ReferenceBackend().prepare(step))
        try run(prepared, operands + results)
        return try results.map(read)
    }

    static func run(_ prepared: PreparedStep, _ operands: [Placed]) throws {
        let scratch = GuardedMemory(byteCount: prepared.scratchBytes)
        let pointers = operands.map(\.memory.pointer)
        try onComputeThread { try pointers.withUnsafeBufferPointer { try prepared.run($0, scratch.pointer) } }
        #expect(scratch.isIntact, "\(prepared.kernel) writes beyond its working memory")
    }
}

/// Compares a primitive that is linear in each input, or a sum of products: both backends on the same numbers.
///
/// The tolerance of each element is ``sumTolerance(_:)`` of what the same primitive gives for absolute values.
func expectSameSums(
    _ primitive: any Primitive, _ inputs: [TestArray], terms: [Int], sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let actual = try KernelRunner.cpu(primitive, inputs)
    let expected = try KernelRunner.reference(primitive, inputs)
    let scales = try KernelRunner.reference(primitive, inputs.map(\.magnitudes))
    for (output, count) in terms.enumerated() {
        expectAgreement(
            actual[output], expected[output], "\(primitive), result \(output)", sourceLocation: sourceLocation
        ) { scales[output].values[$0] * sumTolerance(count) }
    }
}

/// Compares a primitive whose kernels must give the same bits.
func expectSameElements(
    _ primitive: any Primitive, _ inputs: [TestArray], sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let actual = try KernelRunner.cpu(primitive, inputs)
    let expected = try KernelRunner.reference(primitive, inputs)
    for output in expected.indices {
        expectAgreement(
            actual[output], expected[output], "\(primitive), result \(output)", sourceLocation: sourceLocation)
    }
}
