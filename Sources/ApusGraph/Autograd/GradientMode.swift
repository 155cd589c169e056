/// Whether operations record their gradients.
public enum GradientMode {
    @TaskLocal public static var isEnabled = true
}

/// Runs `body` without recording gradients (`torch.no_grad()`): for evaluation, and for updates by hand.
public func noGrad<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    try withGradientMode(false, body)
}

/// Runs `body` with or without recording gradients.
func withGradientMode<Result, Failure: Error>(
    _ isEnabled: Bool, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let outcome: Swift.Result<Result, Failure> = GradientMode.$isEnabled.withValue(isEnabled) {
        do throws(Failure) {
            return .success(try body())
        } catch {
            return .failure(error)
        }
    }
    return try outcome.get()
}
