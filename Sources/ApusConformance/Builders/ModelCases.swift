import ApusModels

/// The networks of the format's definition by their names there; a new one is one entry.
enum ModelCases: ModuleCases {
    static let kind = "model"

    static let builders: [String: ModuleBuilder] = [
        "LeNetA": { _ in ModuleUnderTest(LeNet()) },
        "LeNetB": { _ in ModuleUnderTest(LeNet5()) },
    ]
}
