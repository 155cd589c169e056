import ApusGraph

extension RowNormalization: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        let gamma = hasScale ? inputs[1].reals() : nil
        let beta = hasShift ? inputs[hasScale ? 2 : 1].reals() : nil
        var y = x
        var (means, variances, inverses) = ([Double](), [Double](), [Double]())
        for row in 0..<(x.count / rowLength) {
            let elements = (row * rowLength)..<((row + 1) * rowLength)
            let mean = subtractsMean ? elements.reduce(0) { $0 + x[$1] } / Double(rowLength) : 0
            let variance = elements.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / Double(rowLength)
            let inverse = 1 / (variance + epsilon).squareRoot()
            for element in elements {
                let channel = element / run % (groups * channels)
                y[element] = (x[element] - mean) * inverse * (gamma?[channel] ?? 1) + (beta?[channel] ?? 0)
            }
            means.append(mean)
            variances.append(variance)
            inverses.append(inverse)
        }
        outputs[0].store(y)
        outputs[1].store(means)
        outputs[2].store(variances)
        outputs[3].store(inverses)
    }
}

extension RowNormalizationGradient: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (dy, x) = (inputs[0].reals(), inputs[1].reals())
        let (means, inverses) = (inputs[2].reals(), inputs[3].reals())
        let gamma = normalization.hasScale ? inputs[4].reals() : nil
        let (length, channels) = (normalization.rowLength, normalization.groups * normalization.channels)
        var dx = x
        var dGamma = [Double](repeating: 0, count: channels)
        var dBeta = dGamma
        for row in 0..<(x.count / length) {
            let elements = (row * length)..<((row + 1) * length)
            let (mean, inverse) = (means[row], inverses[row])
            func channel(_ element: Int) -> Int { element / normalization.run % channels }
            func scaled(_ element: Int) -> Double { dy[element] * (gamma?[channel(element)] ?? 1) }
            func normalized(_ element: Int) -> Double { (x[element] - mean) * inverse }
            let sum = normalization.subtractsMean ? elements.reduce(0) { $0 + scaled($1) } : 0
            let product = elements.reduce(0) { $0 + scaled($1) * normalized($1) }
            for element in elements {
                let rest = scaled(element) - sum / Double(length) - normalized(element) * product / Double(length)
                dx[element] = inverse * rest
                dGamma[channel(element)] += dy[element] * normalized(element)
                dBeta[channel(element)] += dy[element]
            }
        }
        outputs[0].store(dx)
        outputs[1].store(dGamma)
        outputs[2].store(dBeta)
    }
}
