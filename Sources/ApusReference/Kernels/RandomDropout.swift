import ApusGraph

extension RandomDropout: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        var elements = inputs[0].reals()
        let key = inputs[1].integers()
        let philox = Philox(seed: UInt64(bitPattern: key[0]))
        let position = UInt64(bitPattern: key[1])
        for start in stride(from: 0, to: elements.count, by: 4) {
            let bits = philox.block(position &+ UInt64(start / 4))
            for index in start..<min(start + 4, elements.count) {
                elements[index] *= UInt64(bits[index - start]) < threshold ? scale : 0
            }
        }
        outputs[0].store(elements)
    }
}
