// Times single layers for Benchmarks/compare-layers: reads the number of a case and a duration from a line of standard
// input, and prints a JSON object with the shortest and the median time of a forward pass and of a forward and
// backward pass, until the input ends.
import ApusConformance
import Foundation

@main
struct LayerTimes {
    static func main() throws {
        guard CommandLine.arguments.count == 2,
            let data = FileManager.default.contents(atPath: CommandLine.arguments[1])
        else {
            FileHandle.standardError.write(Data("usage: LayerTimes cases.json\n".utf8))
            exit(64)
        }
        let cases = try JSONDecoder().decode([CallBenchmark].self, from: data)
        while let line = readLine() {
            let words = line.split(separator: " ")
            guard words.count == 2, let index = Int(words[0]), cases.indices.contains(index),
                let seconds = Double(words[1])
            else {
                FileHandle.standardError.write(Data("not understood: \(line)\n".utf8))
                exit(64)
            }
            // At once: print keeps lines back where standard output is a pipe.
            FileHandle.standardOutput.write(Data((answer(cases[index], seconds) + "\n").utf8))
        }
    }

    private static func answer(_ entry: CallBenchmark, _ seconds: Double) -> String {
        do {
            let call = try entry.prepare()
            let forward = try PreparedCall.times(of: call.forward, duration: seconds / 2)
            guard call.hasGradient else { return "{" + fields("forward", forward) + "}" }
            let both = try PreparedCall.times(of: call.forwardAndBackward, duration: seconds / 2)
            return "{" + fields("forward", forward) + ", " + fields("both", both) + "}"
        } catch {
            let text = "\(error)".replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: " ")
            return "{\"error\": \"\(text)\"}"
        }
    }

    private static func fields(_ name: String, _ times: [Double]) -> String {
        let sorted = times.sorted()
        return "\"\(name)_min\": \(sorted[0] * 1e3), \"\(name)_median\": \(sorted[sorted.count / 2] * 1e3)"
    }
}
