import ApusGraph
import CKernels

/// Changes of tone that depend on a sample's value, or on how often values occur.
extension ImageSample {
    /// Black becomes white (`torchvision.transforms.functional.invert`).
    public func invert() {
        if element == .byte {
            lookup((0...255).map { UInt8(255 - $0) })
        } else {
            withFloats { samples in for index in samples.indices { samples[index] = 1 - samples[index] } }
        }
    }

    /// Keeps the upper `bits` of each sample, 0 to 8 (`torchvision.transforms.functional.posterize`).
    public func posterize(bits: Int) throws {
        guard (0...8).contains(bits) else { throw TensorError("posterize", "\(bits) bits; expected 0 to 8.") }
        if element == .byte {
            let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
            lookup((0...255).map { UInt8($0) & mask })
        } else {
            let levels = Float(1 << bits)
            withFloats { samples in
                for index in samples.indices {
                    samples[index] = min(max((samples[index] * levels).rounded(.down), 0), levels - 1) * (1 / levels)
                }
            }
        }
    }

    /// Inverts samples at and above a threshold (`torchvision.transforms.functional.solarize`).
    ///
    /// - Parameter threshold: at most 255 for bytes and 1 for floats.
    public func solarize(threshold: Double) throws {
        let most: Double = element == .byte ? 255 : 1
        guard threshold <= most else {
            throw TensorError("solarize", "the threshold \(threshold) is above \(most), the largest sample.")
        }
        if element == .byte {
            lookup((0...255).map { Double($0) >= threshold ? UInt8(255 - $0) : UInt8($0) })
        } else {
            withFloats { samples in
                for index in samples.indices where samples[index] >= Float(threshold) {
                    samples[index] = 1 - samples[index]
                }
            }
        }
    }

    /// Stretches each channel from its smallest to its largest sample; a channel of one value stays
    /// (`torchvision.transforms.functional.autocontrast`).
    public func autocontrast() {
        let plane = planeCount
        if element == .byte {
            eachPlaneOfBytes { samples in
                guard let least = samples.min(), let most = samples.max(), least < most else { return nil }
                // In single precision, and rounded down, as torchvision does.
                let scale = Float(most - least) * Float(1.0 / 255)
                return (0...255).map { UInt8(min(max((Float($0) - Float(least)) / scale, 0), 255)) }
            }
            return
        }
        let count = channels
        withFloats { samples in
            for channel in 0..<count {
                let range = (channel * plane)..<((channel + 1) * plane)
                guard let least = samples[range].min(), let most = samples[range].max(), least < most else { continue }
                for index in range { samples[index] = min(max((samples[index] - least) / (most - least), 0), 1) }
            }
        }
    }

    /// Makes all samples of a channel about equally frequent
    /// (`torchvision.transforms.functional.equalize`, `PIL.ImageOps.equalize`).
    public func equalize() {
        let isFloat = element == .float
        if isFloat { convertToBytes() }
        eachPlaneOfBytes { samples in
            var histogram = [Int64](repeating: 0, count: 256)
            apus_image_histogram(samples.baseAddress, Int64(samples.count), &histogram)
            guard let last = histogram.last(where: { $0 > 0 }) else { return nil }
            let step = (Int64(samples.count) - last) / 255
            guard step > 0 else { return nil }
            var below: Int64 = 0
            return histogram.map { frequency in
                defer { below += frequency }
                return UInt8(min((below + step / 2) / step, 255))
            }
        }
        if isFloat { convertToFloats(scale: Float(1.0 / 255)) }
    }

    /// Replaces the bytes of each plane by a table that `table` makes of them; nil leaves the plane.
    private func eachPlaneOfBytes(_ table: (UnsafeBufferPointer<UInt8>) -> [UInt8]?) {
        let (plane, count) = (planeCount, channels)
        update { start in
            for channel in 0..<count {
                let samples = start.assumingMemoryBound(to: UInt8.self) + channel * plane
                guard let table = table(UnsafeBufferPointer(start: samples, count: plane)) else { continue }
                apus_image_lookup(samples, Int64(plane), table, samples)
            }
        }
    }
}
