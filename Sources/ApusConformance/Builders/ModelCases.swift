import ApusModels

/// The networks of the format's definition by their names there; a new one is one entry.
enum ModelCases: ModuleCases {
    static let kind = "model"

    static let builders: [String: ModuleBuilder] = [
        "LeNetA": { _ in ModuleUnderTest(LeNet()) },
        "LeNetB": { _ in ModuleUnderTest(LeNet5()) },
        "CNN4": { arguments in
            ModuleUnderTest(
                CNN4(
                    numClasses: try arguments.integer("num_classes", default: 10),
                    inChannels: try arguments.integer("in_channels", default: 1),
                    widths: try arguments.optionalIntegers("widths") ?? [16, 32, 64, 128]))
        },
    ]
}
