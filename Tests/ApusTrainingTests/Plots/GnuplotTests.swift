import ApusTestSupport
import Testing

@testable import ApusTraining

@Suite struct GnuplotTests {
    @Test func outputIsReturned() throws {
        let script = "print 1 + 1\nset print '-'\nprint \(Gnuplot.quoted("a'b`echo c`\n$d"))\n"
        #expect(String(decoding: try Gnuplot().run(script), as: UTF8.self) == "a'b`echo c` $d\n")
    }

    /// More than the 64 KiB that a pipe holds, both ways.
    @Test func longScriptsAndOutputs() throws {
        let line = String(repeating: "x", count: 99)
        let script = "set print '-'\n" + String(repeating: "print '\(line)'\n", count: 3_000)
        #expect(try Gnuplot().run(script).count == 300_000)
    }

    @Test func itsErrorsAreThrown() throws {
        let error = try #require(throws: GnuplotError.self) { try Gnuplot().run("plot nonsense(\n") }
        guard case .failed(let message) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(message.contains("nonsense") && message.contains("invalid expression"))
    }

    @Test func aMissingProgramIsNamed() throws {
        let folder = try TemporaryFolder()
        try folder.write([], to: "gnuplot")
        // A file that is no program, a folder that is not there, and no folders.
        for path in [folder.path, folder.file("none"), ""] {
            #expect(throws: GnuplotError.notInstalled) { try Gnuplot(searchPath: path) }
        }
        #expect("\(GnuplotError.notInstalled)".contains("apt-get install gnuplot-nox"))
    }
}
