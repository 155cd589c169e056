import ApusGraph

extension OneHot: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        var result = [Int64](repeating: 0, count: outputs[0].count)
        for (place, picked) in inputs[0].integers().enumerated() {
            guard picked >= 0, picked < Int64(classCount) else {
                throw refusal(picked, at: WindowRuns.position(place, in: inputs[0].sizes))
            }
            result[place * classCount + Int(picked)] = 1
        }
        outputs[0].store(result)
    }
}
