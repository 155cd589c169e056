#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds the files of a data set on this machine.
///
/// A folder that the user names is the only place looked at. Otherwise these are, in this order: `$APUS_DATA/NAME/`,
/// `~/.cache/apus/NAME/`, `/usr/share/datasets/NAME/`. The first that holds all files that are asked for wins. Each
/// file may be plain or end in `.gz`; the plain one is taken where both are there, because it loads faster.
public struct DatasetLocator: Sendable {
    /// The environment variables that are looked at: `APUS_DATA` and `HOME`.
    public var environment: [String: String]
    /// The folder of the data sets that the system's packages install.
    public var systemFolder: String

    /// Creates a locator; the defaults are this process's environment and Debian's folder.
    public init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        systemFolder: String = "/usr/share/datasets"
    ) {
        self.environment = environment
        self.systemFolder = systemFolder
    }

    /// Finds `files` of the data set `name`.
    ///
    /// - Parameters:
    ///   - name: the name of the data set, as `fashion-mnist`.
    ///   - files: the official file names, without `.gz`.
    ///   - folder: the folder that the user names (`~/` is the home folder), or nil to look in the usual places.
    ///   - subfolder: a folder within each place that is looked at too, as an archive's own.
    ///   - hint: how to get the data set, for the error.
    /// - Returns: the paths of the files, in the order of `files`.
    /// - Throws: `DataError` (`notFound`) that lists every place looked at and what is missing there.
    public func locate(_ name: String, files: [String], folder: String? = nil, subfolder: String? = nil, hint: String)
        throws -> [String]
    {
        var report: [String] = []
        for place in places(for: name, folder: folder) {
            guard let path = place.path else {
                report.append(place.label)
                continue
            }
            let found = files.map { Self.plainOrCompressed($0, in: path) }
            for folder in [path] + (subfolder.map { [Self.join(path, $0)] } ?? []) {
                let paths = files.compactMap { Self.plainOrCompressed($0, in: folder) }
                if paths.count == files.count { return paths }
            }
            if Self.isFolder(path) {
                let missing = zip(files, found).filter { $0.1 == nil }.map { $0.0 }
                report.append(
                    "\(path): no \(missing.joined(separator: ", ")) (plain or .gz)"
                        + (subfolder.map { ", nor in its \($0)/" } ?? ""))
            } else {
                report.append("\(path): no such folder")
            }
        }
        throw DataError(
            path: name, reason: .notFound,
            problem: "the data set is not there. Looked in:\n  " + report.joined(separator: "\n  "), hint: hint)
    }

    private struct Place {
        /// The folder, or nil where it cannot be told; then `label` says why.
        var path: String?
        var label = ""
    }

    /// The folder that data sets are installed to: `$APUS_DATA/NAME`, else `~/.cache/apus/NAME`; nil without either.
    public func installationFolder(for name: String) -> String? {
        if let data = environment["APUS_DATA"], !data.isEmpty { return Self.join(data, name) }
        return environment["HOME"].flatMap { $0.isEmpty ? nil : Self.join($0, ".cache/apus/\(name)") }
    }

    private func places(for name: String, folder: String?) -> [Place] {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
        if let folder {
            if folder.hasPrefix("~/"), let home { return [Place(path: home + folder.dropFirst(1))] }
            return [Place(path: folder)]
        }
        var places: [Place] = []
        if let data = environment["APUS_DATA"], !data.isEmpty {
            places.append(Place(path: Self.join(data, name)))
        } else {
            places.append(Place(label: "$APUS_DATA/\(name): APUS_DATA is not set"))
        }
        if let home {
            places.append(Place(path: Self.join(home, ".cache/apus/\(name)")))
        } else {
            places.append(Place(label: "~/.cache/apus/\(name): HOME is not set"))
        }
        places.append(Place(path: Self.join(systemFolder, name)))
        return places
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    private static func plainOrCompressed(_ file: String, in folder: String) -> String? {
        let plain = join(folder, file)
        return [plain, plain + ".gz"].first { fileType($0) == S_IFREG }
    }

    private static func isFolder(_ path: String) -> Bool {
        fileType(path) == S_IFDIR
    }

    /// The file type bits (`S_IFREG`, …) of what `path` leads to, or nil where there is nothing.
    private static func fileType(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
