/// How many times larger a result is: one number for all spatial dimensions, or one for each, in their order.
public struct ScaleFactors: Sendable, Hashable {
    /// One factor for all dimensions, or one for each.
    public let factors: [Double]
    /// Whether it was given as one number, which stands for all dimensions and is printed as one.
    public let isSingle: Bool

    /// One factor, `factor`, for all dimensions.
    public init(_ factor: Double) { (factors, isSingle) = ([factor], true) }

    /// One factor for each dimension, `factors`.
    public init(_ factors: [Double]) { (self.factors, isSingle) = (factors, false) }

    /// One factor for each of `rank` dimensions, where a single number was given.
    func spread(_ rank: Int) -> [Double] {
        isSingle ? factors.flatMap { [Double](repeating: $0, count: rank) } : factors
    }
}

extension ScaleFactors: CustomStringConvertible {
    /// As PyTorch prints it: `2.0` or `(2.0, 1.5)`.
    public var description: String {
        let texts = factors.map { PythonText.of($0) }
        if isSingle { return texts.joined() }
        return factors.count == 1 ? "(\(texts[0]),)" : "(\(texts.joined(separator: ", ")))"
    }
}

/// What can be given as the factor of an upsampling: a number, an array, or ``ScaleFactors``.
public protocol ScaleFactor {
    var scaleFactors: ScaleFactors { get }
}

extension ScaleFactors: ScaleFactor {
    /// The factors themselves.
    public var scaleFactors: ScaleFactors { self }
}

extension Double: ScaleFactor {
    /// This number for all dimensions.
    public var scaleFactors: ScaleFactors { ScaleFactors(self) }
}

extension Int: ScaleFactor {
    /// This number for all dimensions.
    public var scaleFactors: ScaleFactors { ScaleFactors(Double(self)) }
}

extension Array: ScaleFactor where Element: ScaleFactor & Numeric {
    /// One number for each dimension.
    public var scaleFactors: ScaleFactors { ScaleFactors(flatMap(\.scaleFactors.factors)) }
}
