import Synchronization

/// A call that cannot be computed: shapes, types or arguments do not fit.
public struct TensorError: Error, Sendable, CustomStringConvertible {
    /// The operation or layer that refused, as the user named it.
    public let operation: String
    /// What does not fit, with the numbers, and the likely fix.
    public let message: String
    /// The layer within the model, such as `features.3.conv1`, where one was being called.
    public private(set) var modulePath: String?

    public init(_ operation: String, _ message: String) {
        self.operation = operation
        self.message = message
        modulePath = ModulePath.current?.text
    }

    public var description: String {
        if let modulePath, !modulePath.isEmpty { return "\(modulePath): \(operation): \(message)" }
        return "\(operation): \(message)"
    }

    /// The same error, found while the operation of a layer was computed.
    public func located(at path: ModulePath?) -> TensorError {
        var error = self
        if error.modulePath == nil { error.modulePath = path?.text }
        return error
    }

    static func dimensionOutOfRange(operation: String, _ dimension: Int, rank: Int) -> TensorError {
        let bound = max(rank, 1)
        return TensorError(
            operation,
            "dimension \(dimension) is out of range for a tensor of \(rank) dimensions. "
                + "Expected \(-bound) to \(bound - 1).")
    }
}

extension TensorError {
    /// Reports an error at the user's call: to the surrounding ``withTensorErrors(_:)``, or else by ending the program.
    public static func raise(_ error: TensorError) {
        guard let collector = ErrorCollector.current else {
            let site = CallSite.current ?? CallSite(file: #fileID, line: #line)
            fatalError(error.description, file: site.file, line: site.line)
        }
        collector.add(error)
    }
}

/// The line of the user's program that called a model, which an error that ends the program names.
public struct CallSite: Sendable {
    @TaskLocal public static var current: CallSite?

    let file: StaticString
    let line: UInt

    public init(file: StaticString, line: UInt) {
        self.file = file
        self.line = line
    }
}

/// Keeps the first error of a ``withTensorErrors(_:)`` block.
final class ErrorCollector: Sendable {
    @TaskLocal static var current: ErrorCollector?

    private let first = Mutex<TensorError?>(nil)

    func add(_ error: TensorError) { first.withLock { if $0 == nil { $0 = error } } }

    func check() throws { if let error = first.withLock({ $0 }) { throw error } }
}

/// Runs `body` and throws the first shape error of its tensor operations, which would end the program otherwise.
///
/// After an error the results of the operations are poisoned: they can be used further without effect, and the error
/// is thrown when the block ends. This is what a server wants around a model that meets its users' images.
public func withTensorErrors<Result>(_ body: () throws -> Result) throws -> Result {
    let collector = ErrorCollector()
    return try ErrorCollector.$current.withValue(collector) {
        let result: Swift.Result<Result, any Error> = .init(catching: body)
        // The tensor error comes first: what `body` threw is likely its consequence.
        try collector.check()
        return try result.get()
    }
}

/// The place of a module within a model, such as `features.3.conv1`, that is being called at the moment.
///
/// Operations keep it, so that an error and a trace can say which layer they belong to.
public final class ModulePath: Sendable {
    @TaskLocal public static var current: ModulePath?

    public let text: String

    public init(_ text: String) { self.text = text }
}
