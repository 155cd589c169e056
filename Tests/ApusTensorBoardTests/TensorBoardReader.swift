import ApusTestSupport
import Foundation

/// TensorBoard's own reader, in the environment that `scripts/install-tensorboard` makes.
enum TensorBoardReader {
    private static let python = ProjectFolder.file(".build/tensorboard-venv/bin/python")

    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: python) }

    static let reason = "skipped: TensorBoard's reader is not installed (scripts/install-tensorboard)"

    /// What the reader finds in a folder.
    struct Contents: Decodable {
        struct Scalar: Decodable, Equatable {
            let step: Int
            /// Nil where it is not finite.
            let value: Double?
        }
        struct Picture: Decodable {
            let step: Int
            let width: Int
            let height: Int
            let mode: String
            let size: [Int]
            let pixels: [UInt8]
        }
        struct Text: Decodable, Equatable {
            let step: Int
            let text: String
        }
        struct Histogram: Decodable {
            let step: Int
            let min: Double
            let max: Double
            let num: Double
            let sum: Double
            let sumSquares: Double
            let limits: [Double]
            let buckets: [Double]
        }
        struct GraphNode: Decodable {
            let name: String
            let op: String
            let input: [String]
            let shapes: [[Int]]
        }
        let version: Double
        let scalars: [String: [Scalar]]
        let images: [String: [Picture]]
        let histograms: [String: [Histogram]]
        let texts: [String: [Text]]
        let graph: [GraphNode]
    }

    struct Failure: Error { let errors: String }

    static func read(_ folder: String) throws -> Contents {
        let script = ProjectFolder.file("Tests/ApusTensorBoardTests/read_events.py")
        let outcome = try BuiltProgram(path: python).run([script, folder])
        guard outcome.status == 0 else { throw Failure(errors: outcome.errors) }
        return try JSONDecoder().decode(Contents.self, from: Data(outcome.output.utf8))
    }
}
