import ApusInterop

/// What became of one case.
public struct CaseResult: Sendable, Equatable {
    public enum Status: String, Sendable {
        /// The results are PyTorch's within the tolerance, or the wrong call was refused.
        case pass
        /// They are not, or the call failed.
        case fail
        /// The operation or one of its arguments does not exist here.
        case unsupported
    }

    /// The name of the case, such as `layer.conv2d.stride`.
    public let name: String
    /// The operation by its PyTorch name.
    public let operation: String
    /// The kind of the case, such as `layer`.
    public let kind: String
    public let status: Status
    /// Why, in words; empty for a case that passed.
    public let detail: String

    public init(name: String, operation: String, kind: String, status: Status, detail: String) {
        self.name = name
        self.operation = operation
        self.kind = kind
        self.status = status
        self.detail = detail
    }

    /// The result as one line of JSON: `{"case":…,"op":…,"status":…,"detail":…}`.
    public var json: String {
        JSONText.object([
            ("case", JSONText.quoted(name)), ("op", JSONText.quoted(operation)),
            ("status", JSONText.quoted(status.rawValue)), ("detail", JSONText.quoted(detail)),
        ])
    }
}

/// How many cases passed, failed and are unsupported.
public struct ConformanceSummary: Sendable, Equatable {
    public var passed = 0
    public var failed = 0
    public var unsupported = 0

    public init() {}

    public mutating func count(_ result: CaseResult) {
        switch result.status {
        case .pass: passed += 1
        case .fail: failed += 1
        case .unsupported: unsupported += 1
        }
    }

    /// The summary as one line of JSON: `{"event":"summary","passed":…,"failed":…,"unsupported":…}`.
    public var json: String {
        JSONText.object([
            ("event", JSONText.quoted("summary")), ("passed", "\(passed)"), ("failed", "\(failed)"),
            ("unsupported", "\(unsupported)"),
        ])
    }
}
