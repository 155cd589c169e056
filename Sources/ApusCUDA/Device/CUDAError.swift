/// What CUDA or one of its libraries refused, with its own name for the reason, and what helps.
public struct CUDAError: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
