import ApusTestSupport
import Foundation
import Testing

/// The commands of `Recipes`: each is one that the program takes.
@Suite struct RecipesTests {
    private func run(_ recipe: String, _ arguments: [String]) throws -> BuiltProgram.Outcome {
        let folder = try TemporaryFolder()
        return try BuiltProgram(path: "/bin/bash").run(
            [ProjectFolder.file("Recipes/\(recipe)")] + arguments,
            environment: [
                "APUS": try BuiltProgram("apus").path, "HOME": folder.path, "APUS_DATA": folder.file("none"),
            ])
    }

    @Test(arguments: ["mnist", "fashion-mnist", "cifar10"]) func theProgramTakesTheOptions(recipe: String) throws {
        // The last option is wrong, so all before it were right.
        let wrong = try run(recipe, ["--epochs", "0"])
        #expect(wrong.status == 64, "\(wrong.errors)")
        #expect(wrong.errors.contains("--epochs 0: at least 1 is needed"), "\(wrong.errors)")
    }

    @Test(arguments: ["mnist", "cifar10"]) func missingDataIsNamed(recipe: String) throws {
        let missing = try run(recipe, [])
        #expect(missing.status == 66, "\(missing.errors)")
        #expect(missing.errors.contains(recipe), "\(missing.errors)")
    }

    @Test func aProgramThatIsNotBuiltIsAskedFor() throws {
        let outcome = try BuiltProgram(path: "/bin/bash").run(
            [ProjectFolder.file("Recipes/mnist")], environment: ["APUS": "/no/such/program"])
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("swift build -c release --product apus"))
    }
}
