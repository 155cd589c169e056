import ApusData
import Foundation

/// Puts a data set on this machine: from an archive or a folder, or from its publisher.
public struct DatasetInstaller: Sendable {
    /// What was done.
    public struct Report: Sendable {
        /// The folder of the data set.
        public let folder: String
        /// Whether it was there already.
        public let wasThere: Bool
        /// What the user should know.
        public let notes: [String]
    }

    private let source: DatasetSource
    private let locator: DatasetLocator
    private var downloader = Downloader()

    /// - Parameters:
    ///   - source: the data set.
    ///   - locator: where data sets are installed to.
    public init(_ source: DatasetSource, locator: DatasetLocator = DatasetLocator()) {
        (self.source, self.locator) = (source, locator)
    }

    /// How often a download is tried, and the pause before the second attempt in seconds.
    public func trying(_ attempts: Int, pause: Double) -> DatasetInstaller {
        var copy = self
        (copy.downloader.attempts, copy.downloader.pause) = (attempts, pause)
        return copy
    }

    /// Tells how many bytes of a file are there, and how many there will be where the server says so.
    public func reporting(_ progress: @escaping @Sendable (Int, Int?) -> Void) -> DatasetInstaller {
        var copy = self
        copy.downloader.progress = progress
        return copy
    }

    /// The most bytes of one file of a data set: ten times the largest there is (CIFAR-10's archive, 170 MB).
    private static let largestFile = 2 << 30

    /// Installs the data set into `$APUS_DATA/NAME`, else `~/.cache/apus/NAME`. The folder appears whole or not at all.
    ///
    /// - Parameters:
    ///   - origin: an archive (tar or zip, compressed or not) or a folder with the official files; nil for the
    ///     publisher.
    ///   - mirror: a folder on a web server to try instead of the publisher's.
    /// - Throws: `DataError`: `corrupt` for a wrong digest or a damaged archive, `notFound` where files are missing in
    ///   the origin, `unreachable`, `notWritable`, and the errors of the data set, which is loaded as a test.
    public func install(from origin: String? = nil, mirror: String? = nil) throws -> Report {
        guard let destination = locator.installationFolder(for: source.name) else {
            throw DataError(
                path: source.name, reason: .notWritable, problem: "neither APUS_DATA nor HOME is set",
                hint: "Set APUS_DATA to a folder for data sets.")
        }
        if FileManager.default.fileExists(atPath: destination) {
            do {
                try check(destination)
            } catch {
                throw DataError(
                    path: destination, reason: .notWritable,
                    problem: "the folder is there, but the data set in it cannot be loaded (\(error))",
                    hint: "Remove the folder and try again.")
            }
            return Report(folder: destination, wasThere: true, notes: [])
        }
        let staging = try StagingFolder(for: destination)
        do {
            let notes = try fill(staging, from: origin, mirror: mirror)
            try check(staging.path)
            try staging.finish(keeping: Set(source.contents + source.contents.map { $0 + ".gz" }))
            return Report(folder: destination, wasThere: false, notes: notes)
        } catch {
            staging.discard()
            throw error
        }
    }

    private func fill(_ staging: StagingFolder, from origin: String?, mirror: String?) throws -> [String] {
        guard let origin else {
            try download(staging, mirrors: mirror.map { [$0.hasSuffix("/") ? $0 : $0 + "/"] } ?? source.mirrors)
            return []
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: origin, isDirectory: &isFolder) else {
            throw DataError(path: origin, reason: .notFound, problem: "no such file or folder", hint: "Check the path.")
        }
        return try isFolder.boolValue ? copy(origin, staging) : unpack(origin, staging)
    }

    /// Loads both splits.
    private func check(_ folder: String) throws {
        let reference = try DatasetReference("\(source.name):\(folder)")
        for split in DatasetSplit.allCases { _ = try DatasetRegistry.standard.load(reference, split) }
    }

    // MARK: - From files

    private func copy(_ folder: String, _ staging: StagingFolder) throws -> [String] {
        var notes: [String] = []
        let inner = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        for content in source.contents {
            // The folder itself, or one in it as an archive's.
            let names = [content, content + ".gz"]
            guard
                let found = inner.sorted(by: { $0.count < $1.count }).first(where: {
                    names.contains(($0 as NSString).lastPathComponent)
                })
            else { throw missing([content], folder) }
            let name = (found as NSString).lastPathComponent
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: folder + "/" + found))
            defer { try? file.close() }
            try staging.write(name, limit: Self.largestFile) { buffer in
                let piece = try file.read(upToCount: buffer.count) ?? Data()
                buffer.copyBytes(from: piece)
                return piece.count
            }
            if let note = try note(on: staging.file(name), named: name) { notes.append(note) }
        }
        return notes
    }

    /// Takes the files of the data set out of an archive, whatever folders they lie in; nothing else is written.
    private func unpack(_ path: String, _ staging: StagingFolder) throws -> [String] {
        let archive = try Archive(path: path)
        var missing = Set(source.contents)
        while let entry = try archive.next() {
            let name = (entry as NSString).lastPathComponent
            let content = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
            guard missing.contains(content) else { continue }
            try staging.write(name, limit: Self.largestFile) { try archive.read(into: $0) }
            missing.remove(content)
        }
        guard missing.isEmpty else { throw self.missing(source.contents.filter(missing.contains), path) }
        guard source.isArchive, let official = source.files.first else { return [] }
        let digest = try MD5.digest(ofFile: path)
        guard digest != official.md5 else { return [] }
        return [
            "\(path) is not the official \(official.name) (MD5 \(digest), published \(official.md5)); its files were "
                + "checked by loading them."
        ]
    }

    private func note(on path: String, named name: String) throws -> String? {
        guard let official = source.files.first(where: { $0.name == name }) else { return nil }
        let digest = try MD5.digest(ofFile: path)
        guard digest != official.md5 else { return nil }
        return
            "\(name) is not the official file (MD5 \(digest), published \(official.md5)); it was checked by loading it."
    }

    private func missing(_ names: [String], _ place: String) -> DataError {
        DataError(
            path: place, reason: .notFound, problem: "\(names.joined(separator: ", ")) is not in it",
            hint: "Give the archive or folder of \(source.name).")
    }

    // MARK: - From the network

    private func download(_ staging: StagingFolder, mirrors: [String]) throws {
        for file in source.files {
            try download(file, staging, mirrors)
            let digest = try MD5.digest(ofFile: staging.file(file.name))
            guard digest == file.md5 else {
                throw DataError(
                    path: file.name, reason: .corrupt,
                    problem: "the MD5 of the download is \(digest), published is \(file.md5)",
                    hint: "The server gave another file or a damaged one: try again, or another --mirror.")
            }
            if source.isArchive { _ = try unpack(staging.file(file.name), staging) }
        }
    }

    private func download(_ file: DatasetSource.File, _ staging: StagingFolder, _ mirrors: [String]) throws {
        var failures: [any Error] = []
        for mirror in mirrors {
            guard let url = URL(string: mirror + file.name), ["http", "https"].contains(url.scheme) else {
                throw DataError(
                    path: mirror, reason: .notFound, problem: "this is no address of a web server",
                    hint: "Give one that begins with http:// or https://.")
            }
            do {
                return try downloader.fetch(url, to: file.name, in: staging)
            } catch let error as DataError where error.reason == .unreachable {
                failures.append(error)
            }
        }
        throw failures.last ?? missing([file.name], source.name)
    }
}
