import Foundation

/// Where CUDA's libraries may lie.
struct CUDASearchPath: Sendable {
    let environment: [String: String]
    /// `/usr/local`, where CUDA's installers and hand-made Pythons put their files.
    let localFolder: String
    /// The folders of the system's own Python.
    let systemPythons: [String]

    init(
        environment: [String: String] = ProcessInfo.processInfo.environment, localFolder: String = "/usr/local",
        systemPythons: [String] = ["/usr/local", "/usr"]
    ) {
        self.environment = environment
        self.localFolder = localFolder
        self.systemPythons = systemPythons
    }

    /// What to give to `dlopen`, in order: existing files of `APUS_CUDA_PATH`; then for each name the name itself, which
    /// the system looks up, and existing files of the usual folders.
    func candidates(for names: [String]) -> [String] {
        let given = (environment["APUS_CUDA_PATH"] ?? "").split(separator: ":").map(String.init)
        let usual = usualFolders
        let others = names.flatMap { [$0] + files([$0], in: usual) }
        var known = Set<String>()
        return (files(names, in: given.flatMap(Self.foldersOfAnyKind)) + others).filter { known.insert($0).inserted }
    }

    private func files(_ names: [String], in folders: [String]) -> [String] {
        names.flatMap { name in
            folders.map { "\($0)/\(name)" }.filter { FileManager.default.fileExists(atPath: $0) }
        }
    }

    /// Of CUDA's installer, of the driver's containers, and of Python's environments.
    private var usualFolders: [String] {
        let installed = ["CUDA_HOME", "CUDA_PATH"].compactMap { environment[$0] } + installations
        let containers = ["/usr/lib/wsl/lib", "\(localFolder)/nvidia/lib64", "\(localFolder)/nvidia/lib"]
        let pythons = pythonFolders
        let conda = pythons.flatMap(Self.foldersOfToolkit)
        return installed.flatMap(Self.foldersOfToolkit) + containers
            + pythons.flatMap(Self.packageFolders).flatMap { Self.wheels(in: "\($0)/nvidia") } + conda
    }

    /// `/usr/local/cuda`, then `/usr/local/cuda-13.0` and its like, newest first.
    private var installations: [String] {
        let versions = Self.names(in: localFolder).filter { $0.hasPrefix("cuda-") }
            .sorted { $0.compare($1, options: .numeric) == .orderedDescending }
        return (["cuda"] + versions).map { "\(localFolder)/\($0)" }
    }

    /// The roots of Python's environments: the active one, those of the programs `python3` and `python` on the PATH, the
    /// user's and the system's.
    private var pythonFolders: [String] {
        let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap { environment[$0] }
        let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let programs = ["python3", "python"].compactMap { name in
            path.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        }
        let user = environment["HOME"].map { ["\($0)/.local"] } ?? []
        var known = Set<String>()
        return (active + programs.flatMap(Self.roots) + user + systemPythons).filter {
            !$0.isEmpty && known.insert($0).inserted
        }
    }

    /// The environments that a program belongs to. It is often a link to another one, in an environment of its own; a
    /// virtual environment's `python3` is a link to the system's.
    private static func roots(ofProgram program: String) -> [String] {
        var roots: [String] = []
        var program = program
        // Links may lead in a circle.
        for _ in 0..<8 {
            let folder = URL(fileURLWithPath: program).deletingLastPathComponent()
            for folder in [folder, folder.resolvingSymlinksInPath()] {
                roots.append(folder.deletingLastPathComponent().path)
            }
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: program) else { break }
            program = URL(fileURLWithPath: target, relativeTo: folder).standardizedFileURL.path
        }
        return roots
    }

    /// Where the packages of a Python environment lie.
    private static func packageFolders(_ root: String) -> [String] {
        ["lib", "lib64"].flatMap { library in
            names(in: "\(root)/\(library)").filter { $0.hasPrefix("python3") }.flatMap { version in
                ["site-packages", "dist-packages"].map { "\(root)/\(library)/\(version)/\($0)" }
            }
        }
    }

    /// A folder itself, and where wheels that were unpacked into it have their libraries.
    private static func foldersOfAnyKind(_ folder: String) -> [String] {
        [folder] + foldersOfToolkit(folder) + wheels(in: "\(folder)/nvidia") + wheels(in: folder)
    }

    private static func foldersOfToolkit(_ folder: String) -> [String] {
        #if arch(arm64)
            let target = "sbsa-linux"
        #else
            let target = "x86_64-linux"
        #endif
        return ["lib64", "lib", "targets/\(target)/lib"].map { "\(folder)/\($0)" }
    }

    /// `nvidia/cudnn/lib`, `nvidia/cu13/lib` and so on.
    private static func wheels(in folder: String) -> [String] { names(in: folder).map { "\(folder)/\($0)/lib" } }

    private static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }
}
