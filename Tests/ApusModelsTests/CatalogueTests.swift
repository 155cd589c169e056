import ApusGraph
import ApusModels
import ApusTestSupport
import ApusTraining
import Testing

/// The catalogue's table says what the models are.
@Suite struct CatalogueTests {
    private static func rows() throws -> [[String]] {
        let path = ProjectFolder.file("Sources/ApusModels/ApusModels.docc/ApusModels.md")
        let text = String(decoding: try ProjectFolder.bytes(path), as: UTF8.self)
        return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.dropFirst(2).split(separator: " | ").map(String.init)
        }
    }

    @Test func everyModelIsListed() throws {
        let names = try Self.rows().map { $0[0] }
        #expect(names == ModelRegistry.entries.map { "`\($0.name)`" })
        let readme = String(decoding: try ProjectFolder.bytes(ProjectFolder.file("README.md")), as: UTF8.self)
        #expect(ModelRegistry.entries.map(\.name).filter { !readme.contains("`\($0)`") } == [])
    }

    @Test(arguments: ModelRegistry.entries.map(\.name))
    func theNumbersAreTheModels(_ name: String) throws {
        let row = try #require(try Self.rows().first { $0[0] == "`\(name)`" })
        let entry = try ModelRegistry.entry(named: name)
        let size = entry.inputSize
        let model = entry.makeModel()
        let summary = try ModelSummary(of: model, input: [size.channels, size.height, size.width])
        func number(_ text: String) -> Int? { Int(text.filter { $0 != "," }) }
        #expect(row[1] == "``\(model.typeName)``")
        #expect(row[2] == "\(size.channels)×\(size.height)×\(size.width)")
        #expect(number(row[3]) == entry.defaultNumClasses)
        #expect(number(row[4]) == summary.parameters)
        #expect(number(row[5]) == summary.multiplyAdds)
    }
}
