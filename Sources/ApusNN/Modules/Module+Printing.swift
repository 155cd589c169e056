import ApusGraph

extension Module {
    /// The module and all below it, as PyTorch prints them:
    ///
    ///     LeNet(
    ///       (conv): Sequential(
    ///         (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))
    ///     …
    public var description: String {
        let children = Self.childTexts(members)
        if self is ModuleList { return Self.listText(typeName, children.map(\.text)) }
        return Self.text(typeName, extraDescription, children)
    }

    private static func childTexts(_ members: [ModuleMember]) -> [(key: String, text: String)] {
        members.compactMap { member in text(of: member.content).map { (member.key, $0) } }
    }

    /// The text of a child; nil for what is no module.
    private static func text(of content: ModuleMember.Content) -> String? {
        switch content {
        case .parameter, .buffer: return nil
        case .module(let module): return module.description
        case .group(let elements, let isList):
            let texts = childTexts(elements)
            // Lists of parameters are not printed.
            guard !texts.isEmpty || elements.isEmpty else { return nil }
            return isList ? listText("ModuleList", texts.map(\.text)) : text("ModuleDict", "", texts)
        }
    }

    private static func text(_ name: String, _ extra: String, _ children: [(key: String, text: String)]) -> String {
        if children.isEmpty, !extra.contains("\n") { return "\(name)(\(extra))" }
        let extraLines = extra.isEmpty ? [] : extra.split(separator: "\n").map(String.init)
        return lines(name, extraLines + children.map { indented("(\($0.key)): \($0.text)") })
    }

    /// A list, where equal neighbours share a line: `(0-2): 3 x ReLU()`.
    private static func listText(_ name: String, _ texts: [String]) -> String {
        var runs: [(text: String, first: Int, last: Int)] = []
        for (index, text) in texts.enumerated() {
            if let last = runs.indices.last, runs[last].text == text {
                runs[last].last = index
            } else {
                runs.append((text, index, index))
            }
        }
        guard !runs.isEmpty else { return "\(name)()" }
        return lines(
            name,
            runs.map { text, first, last in
                indented(first == last ? "(\(first)): \(text)" : "(\(first)-\(last)): \(last - first + 1) x \(text)")
            })
    }

    private static func lines(_ name: String, _ lines: [String]) -> String {
        "\(name)(\n  \(lines.joined(separator: "\n  "))\n)"
    }

    /// All lines but the first moved right by two spaces.
    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n  ")
    }
}

/// Values as Python writes them, for texts that are to equal PyTorch's.
enum PythonText {
    static func of(_ value: Bool) -> String { value ? "True" : "False" }

    static func of(_ value: Double?) -> String {
        // Swift's shortest text of a Double is Python's: 0.1, 1e-05.
        value.map { "\($0)" } ?? "None"
    }
}
