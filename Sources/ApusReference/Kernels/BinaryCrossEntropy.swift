import ApusGraph

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension BinaryCrossEntropy: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (x, y) = (inputs[0].reals(), inputs[1].reals())
        var losses = x
        for index in x.indices {
            for (value, isTarget) in [(x[index], false), (y[index], true)] where !(value >= 0 && value <= 1) {
                throw outOfRange(value, at: index, isTarget: isTarget)
            }
            let (yes, no) = (max(log(x[index]), -100), max(log1p(-x[index]), -100))
            losses[index] = (y[index] - 1) * no - y[index] * yes
        }
        outputs[0].store(losses)
    }
}
