import Foundation

/// A declaration in a source file, with its documentation: what the tests of documentation look at.
///
/// The scan relies on the project's formatting: one declaration a line, members indented below their type.
struct Declaration {
    /// The file, from the project's folder.
    var path: String
    /// From 1.
    var line: Int
    var modifiers: [String]
    /// `class`, `func`, `init`, `let` …
    var kind: String
    /// `Conv2d`; empty for an initialiser or a subscript.
    var name: String
    /// The whole of it up to its body, on one line.
    var signature: String
    /// The lines of its documentation, without `///`.
    var documentation: [String]
    /// The type or extension that it is a member of.
    var owner: String?

    var isPublic: Bool {
        (modifiers.contains("public") || modifiers.contains("open")) && !modifiers.contains("override")
    }

    /// The documentation as one string.
    var text: String { documentation.joined(separator: "\n") }

    /// How a failure names it.
    var place: String { "\(path):\(line): \(signature.prefix(90))" }
}

/// An argument of a function.
struct Argument: Equatable {
    /// The name inside of the function.
    var name: String
    /// As it is written; nil where it must be given.
    var defaultValue: String?
}

extension Declaration {
    /// The arguments of a function or an initialiser.
    var arguments: [Argument] {
        guard let open = signature.firstIndex(of: "(") else { return [] }
        var pieces: [String] = []
        var piece = ""
        var depth = 0
        var previous: Character = " "
        scan: for character in signature[open...].dropFirst() {
            switch character {
            case "(", "[", "{", "<": depth += 1
            case ")" where depth == 0: break scan
            case ")", "]", "}": depth -= 1
            case ">" where previous != "-": depth -= 1
            case "," where depth == 0:
                pieces.append(piece)
                piece = ""
                previous = character
                continue
            default: break
            }
            piece.append(character)
            previous = character
        }
        pieces.append(piece)
        return pieces.compactMap { piece in
            guard let colon = piece.firstIndex(of: ":") else { return nil }
            guard let name = piece[..<colon].split(separator: " ").last else { return nil }
            let value = piece.range(of: " = ").map {
                piece[$0.upperBound...].trimmingCharacters(in: .whitespaces)
            }
            return Argument(name: name.trimmingCharacters(in: ["`"]), defaultValue: value)
        }
    }

    /// What the list of parameters in the documentation says of each.
    var describedArguments: [String: String] {
        var all: [String: String] = [:]
        var current: String?
        for line in documentation {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if trimmed.hasPrefix("- "), let colon = trimmed.firstIndex(of: ":") {
                let name = trimmed[..<colon].dropFirst(2).replacingOccurrences(of: "Parameter ", with: "")
                current = name
                all[name] = String(trimmed[trimmed.index(after: colon)...])
            } else if let name = current, line.hasPrefix("  ") {
                all[name, default: ""] += " " + trimmed
            } else {
                current = nil
            }
        }
        return all
    }

    /// What is wrong with the list of parameters: each must be in it, with its default as it is written in the code.
    var problemsOfArguments: [String] {
        let described = describedArguments
        return arguments.flatMap { argument -> [String] in
            guard let description = described[argument.name] else {
                return ["\(place): the argument \(argument.name) is not described"]
            }
            guard let value = argument.defaultValue, !description.contains("`\(value)`") else { return [] }
            return ["\(place): the default \(value) of \(argument.name) is not told"]
        }
    }
}

/// The project's text.
enum Project {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The files of a folder, and of those below it, whose names end in `ending`, from the project's folder.
    static func files(_ folder: String, ending: String) throws -> [String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
        return names.filter { $0.hasSuffix(ending) }.sorted().map { folder + "/" + $0 }
    }

    /// The public declarations of a folder.
    static func publicDeclarations(in folders: String...) throws -> [Declaration] {
        try folders.flatMap { folder in
            try files(folder, ending: ".swift").flatMap { try declarations(of: text($0), path: $0) }
        }.filter(\.isPublic)
    }

    private static let modifiers: Set<String> = [
        "public", "open", "final", "static", "override", "convenience", "mutating", "prefix", "indirect", "private",
        "fileprivate", "internal", "required", "lazy", "weak", "nonisolated",
    ]
    private static let kinds: Set<String> = [
        "class", "struct", "enum", "protocol", "extension", "func", "init", "var", "let", "subscript", "typealias",
    ]

    /// All declarations of a file but those within functions.
    static func declarations(of source: String, path: String) -> [Declaration] {
        var found: [Declaration] = []
        var documentation: [String] = []
        // The declarations around a line, and how far each is indented; nil for a function's or a property's body.
        var around: [(indentation: Int, owner: String?)] = []
        let lines = source.components(separatedBy: "\n")
        var index = 0
        while index < lines.count {
            let line = lines[index]
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            let first = index
            index += 1
            if trimmed.hasPrefix("///") {
                let text = trimmed.dropFirst(3)
                documentation.append(String(text.hasPrefix(" ") ? text.dropFirst() : text))
                continue
            }
            // An attribute on its own line stands between the documentation and the declaration.
            if trimmed.hasPrefix("@"), !trimmed.contains(" ") { continue }
            guard var declaration = parse(trimmed) else {
                if !trimmed.isEmpty { documentation = [] }
                continue
            }
            while count("(", declaration.signature) > count(")", declaration.signature), index < lines.count {
                declaration.signature += " " + lines[index].trimmingCharacters(in: .whitespaces)
                index += 1
            }
            let indentation = line.prefix { $0 == " " }.count
            around.removeAll { $0.indentation >= indentation }
            if around.allSatisfy({ $0.owner != nil }) {
                declaration.owner = around.last?.owner
                (declaration.path, declaration.line) = (path, first + 1)
                declaration.documentation = documentation
                found.append(declaration)
            }
            documentation = []
            switch declaration.kind {
            case "class", "struct", "enum", "protocol", "extension": around.append((indentation, declaration.name))
            default: if declaration.signature.hasSuffix("{") { around.append((indentation, nil)) }
            }
        }
        return found
    }

    private static func count(_ character: Character, _ text: String) -> Int { text.count { $0 == character } }

    /// A line that declares something, without what stands around it; nil for another one.
    private static func parse(_ line: String) -> Declaration? {
        guard !line.hasPrefix("//") else { return nil }
        var words = line.split(separator: " ").drop { $0.hasPrefix("@") }
        var found: [String] = []
        while let word = words.first, modifiers.contains(String(word.prefix { $0 != "(" })) || word == "class" {
            // `class` is a modifier of members only.
            if word == "class", words.dropFirst().first.map({ !["func", "var"].contains($0) }) ?? true { break }
            found.append(String(word))
            words = words.dropFirst()
        }
        guard let word = words.first else { return nil }
        let kind = String(word.prefix { $0.isLetter })
        guard kinds.contains(kind) else { return nil }
        let isNamed = word == kind && kind != "init" && kind != "subscript"
        let name = isNamed ? words.dropFirst().first.map(String.init) ?? "" : ""
        // An operator's name ends at a space; another one where its letters do.
        let end = name.first.map { $0.isLetter || $0 == "_" || $0 == "`" || $0 == "[" } ?? true
        let bare =
            end
            ? String(name.prefix { $0.isLetter || $0.isNumber || "_`[].".contains($0) })
            : String(name.prefix { $0 != "(" })
        return Declaration(
            path: "", line: 0, modifiers: found, kind: kind,
            name: bare.trimmingCharacters(in: ["`"]), signature: line, documentation: [], owner: nil)
    }
}
