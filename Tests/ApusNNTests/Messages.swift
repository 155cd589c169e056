import ApusGraph

/// The message of the first tensor error of `body`; nil where there was none.
func message(of body: () -> Void) -> String? {
    do {
        try withTensorErrors(body)
        return nil
    } catch {
        return "\(error)"
    }
}
