import Foundation

/// The primitives and their kernels by name, as the sources declare them: for tests that nothing is missing.
public enum PrimitiveScan {
    /// A scan that finds nothing, or less than is there for certain, and so says nothing.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The first groups of all matches in the Swift files below some folders of the package.
    public static func names(
        _ pattern: Regex<(Substring, Substring)>, in folders: String...
    ) throws -> Set<String> {
        var names = Set<String>()
        for folder in folders {
            let path = URL(fileURLWithPath: ProjectFolder.file(folder)).resolvingSymlinksInPath().path
            let files = try FileManager.default.subpathsOfDirectory(atPath: path).filter { $0.hasSuffix(".swift") }
            guard !files.isEmpty else { throw Failure(description: "\(folder) holds no Swift files") }
            for file in files {
                let text = try String(contentsOfFile: path + "/" + file, encoding: .utf8)
                for match in text.matches(of: pattern) { names.insert(String(match.output.1)) }
            }
        }
        return names
    }

    /// All primitives, of the graph and of plans.
    public static func primitives() throws -> Set<String> {
        let found = try names(
            /struct\s+(\w+)\s*:[^{]*?\bPrimitive\b[^{]*?\{/, in: "Sources/ApusGraph/Primitives",
            "Sources/ApusPlan/Fused")
        // The scan itself works: both folders, and declarations with several protocols.
        let certain: Set = ["Convolution", "Arange", "FusedPointwise", "SoftmaxCrossEntropyGradient"]
        guard found.isSuperset(of: certain) else {
            throw Failure(description: "the scan misses \(certain.subtracting(found).sorted())")
        }
        return found
    }
}
