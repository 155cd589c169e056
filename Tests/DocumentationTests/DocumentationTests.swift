import Testing

/// Everything that a user looks up is documented where it is defined, and stands in a catalogue: shapes, arguments with
/// their defaults, and the name in PyTorch.
@Suite struct DocumentationTests {
    /// Whether a documentation names something of PyTorch's, or leads to one that does.
    private func namesPyTorch(_ declaration: Declaration) -> Bool {
        declaration.text.contains("`torch.") || declaration.text.contains("``")
    }

    /// What a function says of shapes: from which to which, or that it works on each element.
    private func tellsShapes(_ declaration: Declaration) -> Bool {
        declaration.text.contains("→") || declaration.text.contains("element by element")
            || declaration.text.contains("``")
    }

    /// Declarations that are called: functions and initialisers.
    private func isCalled(_ declaration: Declaration) -> Bool { ["func", "init"].contains(declaration.kind) }

    private func expectNone(_ problems: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))", sourceLocation: sourceLocation)
    }

    /// Expects that a catalogue lists some symbols, as links.
    private func expectListed(
        _ declarations: [Declaration], in catalogue: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let text = try Project.text(catalogue)
        let missing = declarations.filter {
            !text.contains("- ``\($0.name)``\n") && !text.contains("- ``\($0.name)(")
        }
        expectNone(
            missing.map { "\($0.place) is missing from \(catalogue)" }, sourceLocation: sourceLocation)
    }

    @Test("layers and losses have shapes and PyTorch's name")
    func layers() throws {
        let classes = try Project.publicDeclarations(in: "Sources/ApusNN/Layers", "Sources/ApusNN/Losses")
            .filter { $0.kind == "class" }
        // The scan itself works.
        #expect(Set(classes.map(\.name)).isSuperset(of: ["Conv2d", "ReplicationPad3d", "Sequential", "KLDivLoss"]))
        expectNone(
            classes.flatMap { layer -> [String] in
                // What layers share has the name of PyTorch's base class.
                let isBase = layer.text.hasPrefix("What ")
                let name = isBase ? "`torch.nn." : "`torch.nn.\(layer.name)`"
                let isNamed = layer.text.contains(name) || layer.text.contains("PyTorch has no such layer")
                return (isNamed ? [] : ["\(layer.place): the documentation lacks \(name)"])
                    + (layer.text.contains("→") ? [] : ["\(layer.place): the documentation lacks the shapes"])
            })
        try expectListed(classes, in: "Sources/ApusNN/ApusNN.docc/ApusNN.md")
    }

    @Test("each argument of layers and losses is described, with its default")
    func argumentsOfLayers() throws {
        let all = try Project.publicDeclarations(in: "Sources/ApusNN/Layers", "Sources/ApusNN/Losses")
        expectNone(
            all.filter { $0.documentation.isEmpty && $0.kind != "extension" }.map { "\($0.place): no documentation" })
        // What sizes and factors are given as is not a layer's argument; Hashable's and literals' requirements are no
        // functions for users.
        let values: Set<String?> = ["SpatialSizes", "ScaleFactors", "ConvolutionPadding"]
        let called = all.filter { isCalled($0) && !values.contains($0.owner) }
        #expect(called.count > 100)
        expectNone(called.flatMap(\.problemsOfArguments))
        try expectListed(called.filter { $0.owner == nil }, in: "Sources/ApusNN/ApusNN.docc/ApusNN.md")
    }

    @Test("optimizers and schedulers have PyTorch's name, their arguments and a place in the catalogue")
    func optimizers() throws {
        let all = try Project.publicDeclarations(in: "Sources/ApusOptim/Optimizers", "Sources/ApusOptim/Schedulers")
        let classes = all.filter { $0.kind == "class" }
        #expect(Set(classes.map(\.name)).isSuperset(of: ["SGD", "Muon", "OneCycleLR", "LRScheduler"]))
        expectNone(
            classes.filter { !$0.text.contains("`torch.optim.") }.map { "\($0.place): PyTorch's name is missing" })
        try expectListed(classes, in: "Sources/ApusOptim/ApusOptim.docc/ApusOptim.md")
        expectNone(
            all.filter { $0.documentation.isEmpty && $0.kind != "extension" }.map { "\($0.place): no documentation" })
        expectNone(all.filter { $0.kind == "init" }.flatMap(\.problemsOfArguments))
    }

    @Test("models and blocks have shapes, their arguments, their state and a place in the catalogue")
    func models() throws {
        let all = try Project.publicDeclarations(in: "Sources/ApusModels")
        let modules = all.filter { $0.kind == "class" }
        #expect(Set(modules.map(\.name)).isSuperset(of: ["LeNet", "VGG", "Residual", "PaddedShortcut"]))
        expectNone(modules.filter { !$0.text.contains("→") }.map { "\($0.place): the shapes are missing" })
        expectNone(
            all.filter { $0.documentation.isEmpty && $0.kind != "extension" }.map { "\($0.place): no documentation" })
        expectNone(all.filter { $0.kind == "init" }.flatMap(\.problemsOfArguments))
        try expectListed(
            all.filter { $0.owner == nil && ["class", "struct", "enum", "protocol"].contains($0.kind) },
            in: "Sources/ApusModels/ApusModels.docc/ApusModels.md")
    }

    @Test("functions on tensors have shapes, PyTorch's name, their arguments and a place in the list")
    func functions() throws {
        let all = try Project.publicDeclarations(in: "Sources/ApusGraph/Primitives", "Sources/ApusGraph/Composites")
            .filter { $0.owner == "Tensor" && ["func", "subscript"].contains($0.kind) }
        #expect(Set(all.map(\.name)).isSuperset(of: ["relu", "where", "einsum", "oneHot", "repeat", ".==", "+"]))
        expectNone(
            all.flatMap { function -> [String] in
                if function.documentation.isEmpty { return ["\(function.place): no documentation"] }
                // An operator has no words beside its operands, and `+=` is no function of PyTorch's.
                let isOperator = function.name.first.map { !$0.isLetter } ?? false
                if isOperator { return [] }
                return (namesPyTorch(function) ? [] : ["\(function.place): PyTorch's name is missing"])
                    + (tellsShapes(function) ? [] : ["\(function.place): the shapes are missing"])
                    + (function.kind == "func" ? function.problemsOfArguments : [])
            })
        let list = try Project.text("Sources/ApusGraph/ApusGraph.docc/Functions.md")
        // What records a primitive for other functions, and has no name in PyTorch.
        let internals: Set<String> = ["given"]
        let names = Set(all.map(\.name)).filter { $0.first?.isLetter ?? false }.subtracting(internals)
        expectNone(names.filter { !list.contains("| `\($0)` |") }.sorted().map { "\($0) is missing from Functions.md" })
    }

    @Test("functions of layers and initialisers have PyTorch's name, and say what their arguments are")
    func functionsOfLayers() throws {
        let functional = try Project.publicDeclarations(in: "Sources/ApusNN/Functional").filter(isCalled)
        #expect(functional.contains { $0.name == "convTranspose3d" })
        // Their arguments are those of the layer that they lead to.
        expectNone(
            functional.filter { !namesPyTorch($0) || !$0.text.contains("``") }
                .map { "\($0.place): PyTorch's name or the link to the layer is missing" })
        let initializers = try Project.publicDeclarations(in: "Sources/ApusNN/Initializers").filter(isCalled)
        #expect(initializers.contains { $0.name == "xavierNormal" })
        expectNone(initializers.filter { !namesPyTorch($0) }.map { "\($0.place): PyTorch's name is missing" })
        expectNone(initializers.flatMap(\.problemsOfArguments))
    }
}
