/// The layers by their PyTorch names; a new one is one entry in the table of its subject.
enum LayerCases: ModuleCases {
    static let kind = "layer"

    static let builders: [String: ModuleBuilder] = [
        activations, convolutions, distances, linear, normalization, pooling, resampling,
    ].reduce(into: [:]) { all, table in all.merge(table) { first, _ in first } }
}
