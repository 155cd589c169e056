import ApusEngine
import ApusGraph
import Foundation
import Synchronization

@testable import ApusData

/// Images of 1×1×2 pixels whose first pixel is their own number, and whose label is the number modulo 10.
func numberedImages(_ count: Int) -> ImageBytes {
    precondition(count <= 256)
    return ImageBytes(
        images: (0..<count).flatMap { [UInt8($0), UInt8(255 - $0)] }, labels: (0..<count).map { Int64($0 % 10) },
        channels: 1, height: 1, width: 2, classNames: (0..<10).map { String($0) })
}

/// The numbers of the images in each batch of one epoch of `numberedImages`.
func numbers(_ loader: DataLoader) throws -> [[Int]] {
    var batches: [[Int]] = []
    for (images, _) in loader { batches.append(numbers(images)) }
    try loader.check()
    return batches
}

/// The numbers of the images in one batch of `numberedImages`.
func numbers(_ images: Tensor) -> [Int] {
    let pixels = images.array(as: Float.self)
    return stride(from: 0, to: pixels.count, by: 2).map { Int((pixels[$0] * 255).rounded()) }
}

/// A data set that counts what is asked of it, and fails where it is told to.
final class WatchedDataset: Dataset {
    struct Failure: Error, Equatable {
        let batch: Int
    }

    let data: ImageBytes
    let failingBatch: Int?
    private let gathered = Mutex(0)

    init(_ data: ImageBytes, failingBatch: Int? = nil) {
        self.data = data
        self.failingBatch = failingBatch
    }

    /// How many batches were begun.
    var batches: Int { gathered.withLock { $0 } }
    var count: Int { data.count }
    var sampleShape: Shape { data.sampleShape }
    var classNames: [String] { data.classNames }
    var labels: [Int64] { data.labels }

    func gather(
        _ indices: ArraySlice<Int>, images: UnsafeMutableBufferPointer<UInt8>,
        labels: UnsafeMutableBufferPointer<Int64>
    ) throws {
        let batch = gathered.withLock { count in
            defer { count += 1 }
            return count
        }
        if batch == failingBatch { throw Failure(batch: batch) }
        data.gather(indices, images: images, labels: labels)
    }
}

/// Waits until `condition` holds; false after 20 seconds, which no thread needs unless it hangs.
func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<20_000 {
        if condition() { return true }
        usleep(1_000)
    }
    return condition()
}
