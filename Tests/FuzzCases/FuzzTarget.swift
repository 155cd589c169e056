import ApusData
import ApusTestSupport
import Foundation

/// A reader with files to damage.
public struct FuzzTarget: Sendable {
    /// The format's name.
    public let name: String
    /// Sound files.
    public let seeds: [[UInt8]]
    /// Makes checksums right again, so that damage gets past them; every second file is repaired.
    var repair: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    /// Reads a file; an error must be a `DataError`.
    let read: @Sendable (_ bytes: [UInt8], _ path: String) throws -> Void

    /// What became of many damaged files.
    public struct Report: Sendable {
        public var read = 0
        public var refused = 0
        /// What must not happen: other errors, errors that do not name the file, readings of many seconds.
        public var faults: [String] = []
    }

    /// The most seconds that one small damaged file may take, sanitizers and busy machines included.
    private static let patience = 10.0

    /// Reads `count` damaged files.
    ///
    /// - Parameters:
    ///   - folder: where the files are written, for readers of paths.
    public func run(count: Int, seed: Int, folder: TemporaryFolder) throws -> Report {
        var mutator = Mutator(seed: seed)
        var report = Report()
        let path = folder.file("damaged.\(name)")
        for number in 0..<count {
            let file = seeds[number % seeds.count]
            var bytes = mutator.mutate(file, other: seeds[(number / seeds.count) % seeds.count])
            if number % 2 == 0 { bytes = repair(bytes) }
            let start = Date()
            do {
                try read(bytes, path)
                report.read += 1
            } catch let error as DataError {
                report.refused += 1
                if !error.description.contains(folder.path) {
                    report.faults.append("number \(number): no path: \(error)")
                }
            } catch {
                report.faults.append("number \(number): \(error)")
            }
            let seconds = Date().timeIntervalSince(start)
            if seconds > Self.patience { report.faults.append("number \(number): \(seconds) seconds") }
        }
        return report
    }

    /// All readers of data files.
    public static func all() throws -> [FuzzTarget] {
        let folder = ProjectFolder.file("Tests/Fixtures/images")
        func pictures(_ ending: String) throws -> [[UInt8]] {
            try ProjectFolder.names(in: folder).filter { $0.hasSuffix(ending) }.map {
                try ProjectFolder.bytes(folder + "/" + $0)
            }
        }
        let idx = SyntheticIDX(train: 12, test: 4, side: 7).files.sorted { $0.key < $1.key }.map(\.value)
        let cifar = (0..<3).flatMap { [UInt8($0)] + [UInt8](repeating: UInt8($0 * 50), count: 3_072) }
        return [
            FuzzTarget(name: "png", seeds: try pictures(".png"), repair: repairPNG) {
                _ = try PNG.decode($0, path: $1)
            },
            FuzzTarget(name: "jpg", seeds: try pictures(".jpg")) { _ = try JPEG.decode($0, path: $1) },
            FuzzTarget(name: "idx", seeds: idx + idx.map(StoredGzip.encode)) { bytes, path in
                try write(bytes, path)
                _ = try IDXFile(path: path)
            },
            FuzzTarget(name: "gz", seeds: idx.map(StoredGzip.encode)) {
                _ = try GzipReader.decompress($0, name: $1, limit: 1 << 20)
            },
            FuzzTarget(name: "cifar", seeds: [cifar, StoredGzip.encode(cifar)]) { bytes, path in
                let folder = (path as NSString).deletingLastPathComponent
                try write(bytes, folder + "/test_batch.bin")
                _ = try CIFAR10(.test, at: folder)
            },
        ]
    }

    /// Writes the right checksum behind each chunk that lies in the file as a whole (PNG, 5.3).
    @Sendable private static func repairPNG(_ file: [UInt8]) -> [UInt8] {
        var bytes = file
        var start = 8
        while start + 12 <= bytes.count {
            let length = bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
            let end = start + 8 + length
            guard end + 4 <= bytes.count else { break }
            let checksum = StoredGzip.checksum(Array(bytes[(start + 4)..<end]))
            for place in 0..<4 { bytes[end + place] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * UInt32(place))) }
            start = end + 4
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}
