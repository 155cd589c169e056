/// The pictures of class folders, listed but not decoded.
struct ClassFolders {
    let root: String
    private(set) var classNames: [String] = []
    private(set) var paths: [String] = []
    private(set) var labels: [Int64] = []
    private(set) var skipped: [DataError] = []

    /// Endings that are taken at their word: only their first bytes, when they are decoded, tell the kind.
    private static let endings: Set<String> = ["png", "jpg", "jpeg", "jpe", "jfif"]

    init(_ root: String, unusable: ImageFolder.Unusable) throws {
        self.root = root
        for name in try FolderListing.names(in: root) {
            let folder = FolderListing.join(root, name)
            guard FolderListing.isFolder(folder) else { continue }
            let before = paths.count
            try add(folder, label: Int64(classNames.count), unusable)
            guard paths.count > before else {
                throw DataError(
                    path: folder, reason: .empty, problem: "the class folder holds no PNG or JPEG picture",
                    hint: "Put pictures into it or remove it.")
            }
            classNames.append(name)
        }
        guard !classNames.isEmpty else {
            throw DataError(
                path: root, reason: .empty, problem: "there are no class folders in it",
                hint: "Each class is a folder of PNG and JPEG pictures: \(root)/daisy/1.jpg.")
        }
    }

    private mutating func add(_ folder: String, label: Int64, _ unusable: ImageFolder.Unusable) throws {
        for name in try FolderListing.names(in: folder) {
            let path = FolderListing.join(folder, name)
            if FolderListing.isFolder(path) {
                try add(path, label: label, unusable)
                continue
            }
            do {
                try Self.checkIsPicture(path, name)
                paths.append(path)
                labels.append(label)
            } catch let error as DataError {
                guard unusable == .skip else {
                    throw DataError(
                        path: error.path, reason: error.reason, problem: error.problem,
                        hint: error.hint + " Files that are no pictures can be skipped on request.")
                }
                skipped.append(error)
            }
        }
    }

    /// Opens files of other endings, and those that must be something else by their endings.
    private static func checkIsPicture(_ path: String, _ name: String) throws {
        let ending = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
        if endings.contains(ending) { return }
        _ = try ImageFile.kind(ofFirst: try InputFile(path: path).first(16), path: path)
    }

    /// The size of all pictures where it is one; nil where they differ. Reading stops at the first difference.
    func commonSize() throws -> ImageFile.Size? {
        var common: ImageFile.Size?
        for path in paths {
            // A file that cannot be read is found when it is decoded, where it is skipped if that was asked for.
            guard let size = try? ImageFile.size(path: path) else { continue }
            if let common, common != size { return nil }
            common = size
        }
        return common
    }
}
