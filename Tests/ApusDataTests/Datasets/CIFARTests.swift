import ApusTestSupport
import Foundation
import Testing

@testable import ApusData

/// Records of CIFAR-10's binary version: labels 0, 1, 2, … modulo 10, the pixels of image i all i.
func cifarRecords(_ count: Int, labelBytes: Int = 1, first: Int = 0) -> [UInt8] {
    (first..<(first + count)).flatMap { index in
        [UInt8](repeating: UInt8(index % 10), count: labelBytes) + [UInt8](repeating: UInt8(index % 256), count: 3_072)
    }
}

@Suite struct CIFARTests {
    private func write(_ folder: TemporaryFolder, _ prefix: String = "") throws {
        for batch in 0..<5 {
            try folder.write(cifarRecords(3, first: 3 * batch), to: prefix + "data_batch_\(batch + 1).bin")
        }
        try folder.write(cifarRecords(2, first: 100), to: prefix + "test_batch.bin")
    }

    @Test(arguments: ["", "cifar-10-batches-bin/"])
    func readsTheBatchesInOrder(prefix: String) throws {
        let folder = try TemporaryFolder()
        try write(folder, prefix)
        let train = try CIFAR10(.train, at: folder.path)
        #expect(train.count == 15)
        #expect(train.sampleShape == [3, 32, 32])
        #expect(train.labels == (0..<15).map { Int64($0 % 10) })
        #expect(train.classNames[0] == "airplane" && train.classNames[1] == "automobile")
        for index in 0..<15 { #expect(train.data.images[index * 3_072 + 5] == UInt8(index)) }
        let test = try DatasetRegistry.standard.load(DatasetReference("cifar10:\(folder.path)"), .test)
        #expect(test.labels == [0, 1])
    }

    @Test func gzippedFilesAreReadToo() throws {
        let folder = try TemporaryFolder()
        try folder.write(StoredGzip.encode(cifarRecords(4)), to: "test_batch.bin.gz")
        #expect(try CIFAR10(.test, at: folder.path).count == 4)
    }

    @Test func cifar100TakesTheFineLabel() throws {
        let folder = try TemporaryFolder()
        var bytes = cifarRecords(2, labelBytes: 2)
        (bytes[0], bytes[1]) = (7, 99)
        try folder.write(bytes, to: "cifar-100-binary/test.bin")
        let data = try CIFAR100(.test, at: folder.path)
        #expect(data.labels == [99, 1])
        #expect(data.classNames.count == 100)
        #expect(data.classNames[99] == "worm")
        #expect(data.classNames == data.classNames.sorted())
    }

    @Test func damagedFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        try write(folder)
        let path = try folder.write(Array(cifarRecords(2).dropLast(5)), to: "data_batch_3.bin")
        let cut = #expect(throws: DataError.self) { try CIFAR10(.train, at: folder.path) }
        #expect(cut?.path == path)
        #expect(cut?.reason == .truncated)
        var bytes = cifarRecords(2)
        bytes[3_073] = 10
        try folder.write(bytes, to: "data_batch_3.bin")
        let label = #expect(throws: DataError.self) { try CIFAR10(.train, at: folder.path) }
        #expect(label?.reason == .labelOutOfRange)
        #expect(label?.problem.contains("position 1") == true)
        try folder.write([], to: "data_batch_3.bin")
        #expect(#expect(throws: DataError.self) { try CIFAR10(.train, at: folder.path) }?.reason == .empty)
        try FileManager.default.removeItem(atPath: path)
        let missing = #expect(throws: DataError.self) { try CIFAR10(.train, at: folder.path) }
        #expect(missing?.exitCode == 66)
        #expect(missing?.problem.contains("no data_batch_3.bin") == true)
    }
}
