import ApusGraph

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension RandomNumbers: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let output = outputs[0]
        switch distribution {
        case .uniform, .normal: try output.requireReal(name)
        case .integers, .bernoulli: break
        }
        let key = inputs[0].integers()
        let philox = Philox(seed: UInt64(bitPattern: key[0]))
        let position = UInt64(bitPattern: key[1])
        let perBlock = elementsPerBlock
        var block = [Double](repeating: 0, count: perBlock)
        var integers = [Int64](repeating: 0, count: perBlock)
        for start in stride(from: 0, to: output.count, by: perBlock) {
            let bits = philox.block(position &+ UInt64(start / perBlock))
            let length = min(perBlock, output.count - start)
            switch distribution {
            case .uniform(let low, let high): uniform(bits, low, high, &block)
            case .normal(let mean, let deviation): normal(bits, mean, deviation, &block)
            case .bernoulli(let probability):
                let threshold = RandomNumbers.threshold(probability)
                for index in 0..<perBlock { block[index] = UInt64(bits[index]) < threshold ? 1 : 0 }
            case .integers(let low, let high):
                for index in 0..<perBlock { integers[index] = integer(bits, index, low, high) }
                output.storeIntegers(integers, start, length)
                continue
            }
            output.storeReals(block, start, length)
        }
    }

    private func uniform(_ bits: SIMD4<UInt32>, _ low: Double, _ high: Double, _ block: inout [Double]) {
        guard dtype == .float32 else {
            for index in 0..<2 {
                let unit = Philox.unitDouble(bits[2 * index], bits[2 * index + 1])
                block[index] = max(low, min(low + (high - low) * unit, high.nextDown))
            }
            return
        }
        // Rounding may reach the upper bound, which does not belong to the range.
        let (least, last) = (Double(Float(low)), Double(Float(high).nextDown))
        for index in 0..<4 {
            let number = Double(Float(low + (high - low) * Double(Philox.unitFloat(bits[index]))))
            block[index] = max(least, min(number, last))
        }
    }

    /// √(−2 log u) · (cos 2πv, sin 2πv) for u in (0, 1] and v in [0, 1).
    private func normal(_ bits: SIMD4<UInt32>, _ mean: Double, _ deviation: Double, _ block: inout [Double]) {
        guard dtype == .float32 else {
            let u = 1 - Philox.unitDouble(bits.x, bits.y)
            let (radius, angle) = ((-2 * log(u)).squareRoot(), 2 * .pi * Philox.unitDouble(bits.z, bits.w))
            block[0] = mean + deviation * radius * cos(angle)
            block[1] = mean + deviation * radius * sin(angle)
            return
        }
        for pair in 0..<2 {
            // All 32 bits count here, for a longer tail: the largest number is √(64 log 2) = 6.66.
            let u = Float(bits[2 * pair]) * 0x1p-32 + 0x1p-33
            let radius = (-2 * log(Double(u))).squareRoot()
            let angle = 2 * Double.pi * Double(Philox.unitFloat(bits[2 * pair + 1]))
            block[2 * pair] = mean + deviation * radius * cos(angle)
            block[2 * pair + 1] = mean + deviation * radius * sin(angle)
        }
    }

    /// The high half of fraction · (high − low): the bias is below the range / 2³² for `float32`, / 2⁶⁴ otherwise.
    private func integer(_ bits: SIMD4<UInt32>, _ index: Int, _ low: Int, _ high: Int) -> Int64 {
        let range = UInt64(bitPattern: Int64(high &- low))
        let fraction =
            elementsPerBlock == 4
            ? UInt64(bits[index]) << 32 : UInt64(bits[2 * index]) << 32 | UInt64(bits[2 * index + 1])
        return Int64(low) &+ Int64(bitPattern: fraction.multipliedFullWidth(by: range).high)
    }
}
