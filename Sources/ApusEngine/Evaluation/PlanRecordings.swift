import ApusCUDA
import Foundation

/// The recordings of one plan on a GPU, by the memory that its steps read and write.
///
/// A recording holds addresses. In a training loop they come again: parameters are written over where they are, and the
/// blocks of batches and results take turns. So a plan runs plainly when it meets memory for the first time (its kernels
/// are compiled and loaded then), is recorded when it meets it again, and is started as a whole from then on.
final class PlanRecordings {
    private struct Key: Hashable {
        let first: Int
        let addresses: [UInt]
    }

    private let gpu: CUDADevice
    private var recordings: [Key: CUDARecording] = [:]
    /// In the order in which they were met, the oldest first.
    private var met: [Key] = []

    /// A loop's batch and results alternate between a few blocks each; more combinations than this are no loop.
    private static let capacity = 8

    /// `APUS_CUDA_GRAPHS=0`: every kernel is started by itself, so that tools and errors point to it.
    private static let isEnabled = ProcessInfo.processInfo.environment["APUS_CUDA_GRAPHS"] != "0"

    init(_ gpu: CUDADevice) { self.gpu = gpu }

    /// Waits until everything in the queue is done.
    func synchronize() throws { try gpu.context().synchronize() }

    /// Runs the steps from number `first` on, whose operands lie as the table says.
    func run(
        first: Int, table: UnsafeBufferPointer<UnsafeMutableRawPointer>, _ scratch: UnsafeMutableRawPointer,
        _ body: () throws -> Void
    ) throws {
        guard Self.isEnabled else { return try body() }
        let key = Key(first: first, addresses: table.map { UInt(bitPattern: $0) } + [UInt(bitPattern: scratch)])
        if let recording = recordings[key] { return try recording.launch() }
        guard met.contains(key) else {
            if met.count == Self.capacity { recordings[met.removeFirst()] = nil }
            met.append(key)
            return try body()
        }
        let recording = try gpu.context().record(body)
        recordings[key] = recording
        try recording.launch()
    }
}
