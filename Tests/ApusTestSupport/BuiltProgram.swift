import Foundation

/// A program, most often one that the package builds, run as a process of its own, as a user runs it.
public struct BuiltProgram: Sendable {
    /// The program's file.
    public let path: String

    /// The program of a product's name, beside the test bundle that is running.
    ///
    /// - Throws: `NotBuilt`.
    public init(_ name: String) throws {
        // The test bundle is a program itself on Linux; elsewhere it is loaded by another, and named by an argument.
        let programs = ["/proc/self/exe"] + CommandLine.arguments + [Bundle.main.executablePath ?? ""]
        for program in programs where !program.isEmpty {
            var folder = URL(fileURLWithPath: program).resolvingSymlinksInPath().deletingLastPathComponent()
            while folder.path != "/" {
                let candidate = folder.appendingPathComponent(name).path
                if FileManager.default.isExecutableFile(atPath: candidate), !Self.isFolder(candidate) {
                    path = candidate
                    return
                }
                folder.deleteLastPathComponent()
            }
        }
        throw NotBuilt(name: name, searchedFrom: programs)
    }

    /// A program of the system, such as a shell.
    public init(path: String) { self.path = path }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// There is no such program beside the tests.
    public struct NotBuilt: Error {
        let name: String
        let searchedFrom: [String]
    }

    /// What a run printed, and how it ended.
    public struct Outcome: Sendable {
        public let status: Int32
        public let output: String
        public let errors: String

        /// The lines of standard output.
        public var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// Runs the program to its end.
    ///
    /// - Parameter environment: added to this process's own. The program computes on one thread unless
    ///   `APUS_NUM_THREADS` is given: tests run beside each other, and threads that wait for one another on a busy machine
    ///   are slow.
    public func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        let run = try start(arguments, environment: environment)
        return try run.wait()
    }

    /// Starts the program.
    public func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Run {
        try Run(path, arguments, environment)
    }

    /// A program that is running.
    public final class Run {
        private let process = Process()
        private let folder = try? TemporaryFolder()

        fileprivate init(_ path: String, _ arguments: [String], _ environment: [String: String]) throws {
            guard let folder else { throw CocoaError(.fileWriteUnknown) }
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment.merging(["APUS_NUM_THREADS": "1"]) { $1 }
                .merging(environment) { $1 }
            process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
            // Files, not pipes: a pipe that nobody empties stops the program.
            for name in ["output", "errors"] { try folder.write([], to: name) }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle(forWritingAtPath: folder.file("output"))
            process.standardError = FileHandle(forWritingAtPath: folder.file("errors"))
            try process.run()
        }

        /// What the program has written to standard error so far.
        public var errors: String { read("errors") }

        /// Whether the program has not ended.
        public var isRunning: Bool { process.isRunning }

        /// Sends `SIGINT`, as Ctrl-C does.
        public func interrupt() { process.interrupt() }

        /// Sends `SIGKILL`, which nothing can catch.
        public func kill() {
            // The number of a process that has ended may belong to another by now.
            if process.isRunning { signalProcess(process.processIdentifier, SIGKILL) }
        }

        /// Waits for the end. A program that a signal ended has the status 128 + its number, as in a shell.
        public func wait() throws -> Outcome {
            process.waitUntilExit()
            let status = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
            return Outcome(status: status, output: read("output"), errors: errors)
        }

        private func read(_ name: String) -> String {
            String(decoding: (try? folder?.read(name)) ?? [], as: UTF8.self)
        }
    }
}

/// `kill(2)`, under a name that the method of the same name does not hide.
private func signalProcess(_ identifier: Int32, _ signal: Int32) { _ = kill(identifier, signal) }
