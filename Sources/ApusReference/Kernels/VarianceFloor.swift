import ApusGraph

extension VarianceFloor: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let variances = inputs[0].reals()
        if let position = variances.firstIndex(where: { $0 < 0 }) {
            throw negative(variances[position], at: position)
        }
        // NaN stays NaN.
        outputs[0].store(variances.map { $0 < epsilon ? epsilon : $0 })
    }
}
