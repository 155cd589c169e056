import ApusPlan

/// Fuses all that it is offered, or nothing.
struct FusingBackend: Backend {
    let name = "fusing"
    let fuses: Bool

    func layouts(for step: StepDescription) -> StepLayouts? { nil }
    func prepare(_ step: StepDescription) -> PreparedStep? { nil }
    func canFuse(_ step: StepDescription) -> Bool { fuses }
}
