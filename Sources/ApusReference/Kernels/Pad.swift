import ApusGraph

extension Pad {
    /// Calls `body` for each element of the result with its flat position and that of its input element; −1 where the
    /// value stands.
    fileprivate func forEachElement(input: Shape, _ body: (_ output: Int, _ input: Int) -> Void) {
        let strides = input.rowMajorStrides
        let sources = input.indices.map { dimension in
            self.sources(dimension, size: input.dimensions[dimension]).map { $0 < 0 ? -1 : $0 * strides[dimension] }
        }
        let output = sources.map(\.count)
        for position in 0..<output.reduce(1, *) {
            let places = WindowRuns.position(position, in: output)
            var source = 0
            for (dimension, place) in places.enumerated() where source >= 0 {
                let offset = sources[dimension][place]
                source = offset < 0 ? -1 : source + offset
            }
            body(position, source)
        }
    }
}

extension Pad: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        // The bits are moved as they are, so three types serve all.
        switch inputs[0].dtype.byteCount {
        case 1: try move(inputs[0], outputs[0], as: UInt8.self)
        case 4: try move(inputs[0], outputs[0], as: UInt32.self)
        default: try move(inputs[0], outputs[0], as: UInt64.self)
        }
    }

    private func move<Bits>(_ input: ArrayView, _ output: MutableArrayView, as type: Bits.Type) throws {
        guard output.count > 0 else { return }
        let target = output.pointer.assumingMemoryBound(to: Bits.self)
        let source = input.pointer.assumingMemoryBound(to: Bits.self)
        // The value as the type holds it, through the first element.
        MutableArrayView(output.pointer, TensorSpec([1], output.dtype)).store([value])
        let fill = target[0]
        forEachElement(input: input.shape) { target[$0] = $1 < 0 ? fill : source[$1] }
    }
}

extension PadGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        try outputs[0].requireReal(name)
        let dy = inputs[0].reals()
        var dx = [Double](repeating: 0, count: outputs[0].count)
        pad.forEachElement(input: inputShape) { output, input in dx[input] += dy[output] }
        outputs[0].store(dx)
    }
}
