#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is in a folder.
enum FolderListing {
    static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a folder, in the order of their code points (as Python sorts); hidden ones are left out.
    ///
    /// - Throws: `DataError` where the folder is missing or cannot be read.
    static func names(in folder: String) throws -> [String] {
        guard let directory = opendir(folder) else {
            let code = errno
            throw DataError(
                path: folder, reason: code == ENOENT || code == ENOTDIR ? .notFound : .notReadable,
                problem: code == ENOENT
                    ? "no such folder" : "the folder cannot be read: \(String(cString: strerror(code)))",
                hint: "Check the path.")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
