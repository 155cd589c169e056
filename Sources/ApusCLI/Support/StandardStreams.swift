import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writing to standard output and standard error, unbuffered, so that whoever reads a pipe gets each line at once.
enum StandardStreams {
    /// Writes a line of results.
    static func output(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// Writes a line for people.
    static func error(_ line: String) { rawError(line + "\n") }

    /// Writes text for people as it is.
    static func rawError(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    /// The number of columns of the terminal that standard error is; nil where it is none.
    static var errorColumns: Int? {
        guard isatty(STDERR_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
