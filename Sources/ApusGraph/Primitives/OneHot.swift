/// 1 at each class and 0 elsewhere.
///
/// Shape rule: classes [..] as `int64` → [.., classCount] as `int64`. A class outside of 0 ..< classCount is an error
/// when it is computed. No gradient.
public struct OneHot: Primitive {
    public static let name = "one_hot"
    public let classCount: Int

    public init(_ classCount: Int) { self.classCount = classCount }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard inputs[0].dtype == .int64 else {
            throw TensorError(name, "the classes are \(inputs[0].dtype). They must be int64: use .cast(to: .int64).")
        }
        guard classCount > 0 else {
            throw TensorError(name, "the number of classes is \(classCount). It must be at least 1.")
        }
        return [TensorSpec(Shape(inputs[0].shape.dimensions + [classCount]), .int64, inputs[0].device)]
    }

    /// The error of a class that is outside of the range.
    public func refusal(_ picked: Int64, at place: [Int]) -> TensorError {
        TensorError(
            name,
            "the class \(picked) at \(place) is out of range for \(classCount) classes. Classes count from 0 to "
                + "\(classCount - 1).")
    }
}

extension Tensor {
    /// 1 at each class and 0 elsewhere (`torch.nn.functional.one_hot`).
    ///
    /// [..] of `int64` → [.., numClasses] of `int64`. A class outside of 0 ..< `numClasses` is an error when the result
    /// is computed.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes.
    public func oneHot(numClasses: Int) -> Tensor { .record(OneHot(numClasses), self) }
}
