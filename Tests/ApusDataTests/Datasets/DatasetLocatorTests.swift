import ApusTestSupport
import Testing

@testable import ApusData

@Suite("DatasetLocator")
struct DatasetLocatorTests {
    let folder: TemporaryFolder
    let locator: DatasetLocator

    init() throws {
        folder = try TemporaryFolder()
        locator = DatasetLocator(
            environment: ["APUS_DATA": folder.path + "/data/", "HOME": folder.path + "/home"],
            systemFolder: folder.path + "/system")
    }

    private func locate(_ files: [String], folder: String? = nil) throws -> [String] {
        try locator.locate("shapes", files: files, folder: folder, hint: "Draw them.")
    }

    @Test func placesAreSearchedInOrder() throws {
        let system = try folder.write([1], to: "system/shapes/a")
        #expect(try locate(["a"]) == [system])
        let cache = try folder.write([1], to: "home/.cache/apus/shapes/a")
        #expect(try locate(["a"]) == [cache])
        let data = try folder.write([1], to: "data/shapes/a")
        #expect(try locate(["a"]) == [data])
    }

    @Test func aPlaceMustHoldAllFiles() throws {
        try folder.write([1], to: "data/shapes/a")
        let a = try folder.write([1], to: "system/shapes/a.gz")
        let b = try folder.write([1], to: "system/shapes/b")
        #expect(try locate(["a", "b"]) == [a, b])
    }

    @Test func plainFilesGoFirst() throws {
        let compressed = try folder.write([1], to: "data/shapes/a.gz")
        #expect(try locate(["a"]) == [compressed])
        let plain = try folder.write([1], to: "data/shapes/a")
        #expect(try locate(["a"]) == [plain])
    }

    @Test func aNamedFolderIsTheOnlyPlace() throws {
        try folder.write([1], to: "system/shapes/a")
        let own = try folder.write([1], to: "own/b")
        #expect(try locate(["b"], folder: folder.path + "/own") == [own])
        let error = #expect(throws: DataError.self) { try locate(["a"], folder: folder.path + "/own") }
        #expect(error?.problem.contains("\(folder.path)/own: no a (plain or .gz)") == true)
        #expect(error?.problem.contains("system") == false)
    }

    @Test func tildeIsTheHomeFolder() throws {
        let own = try folder.write([1], to: "home/own/a")
        #expect(try locate(["a"], folder: "~/own") == [own])
    }

    @Test func everyPlaceIsListed() throws {
        try folder.write([1], to: "home/.cache/apus/shapes/a")
        let error = try #require(#expect(throws: DataError.self) { try locate(["a", "b", "c"]) })
        #expect(error.reason == .notFound)
        #expect(error.exitCode == 66)
        #expect(
            error.description == """
                shapes: the data set is not there. Looked in:
                  \(folder.path)/data/shapes: no such folder
                  \(folder.path)/home/.cache/apus/shapes: no b, c (plain or .gz)
                  \(folder.path)/system/shapes: no such folder
                Draw them.
                """)
    }

    @Test func unsetVariablesAreTold() throws {
        let locator = DatasetLocator(environment: [:], systemFolder: folder.path)
        let error = #expect(throws: DataError.self) { try locator.locate("shapes", files: ["a"], hint: "") }
        #expect(error?.problem.contains("$APUS_DATA/shapes: APUS_DATA is not set") == true)
        #expect(error?.problem.contains("~/.cache/apus/shapes: HOME is not set") == true)
    }

    @Test func foldersAreNoFiles() throws {
        try folder.write([1], to: "data/shapes/a/inside")
        #expect(throws: DataError.self) { try locate(["a"]) }
    }
}
