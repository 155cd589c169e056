import ApusGraph
import CKernels
import Foundation

extension ImageSample {
    /// x · factor, cut to the range (`torchvision.transforms.functional.adjust_brightness`).
    public func adjustBrightness(_ factor: Double) throws {
        try checkColor("adjustBrightness", factor)
        let count = Int64(sampleCount)
        onEach(
            bytes: { apus_image_brightness_bytes($0, count, Float(factor), $1) },
            floats: { apus_image_brightness_floats($0, count, Float(factor), $1) })
    }

    /// x · factor + m · (1 - factor), m the mean of the gray image (`torchvision.transforms.functional.adjust_contrast`).
    public func adjustContrast(_ factor: Double) throws {
        try checkColor("adjustContrast", factor)
        let (planes, count) = (Int64(channels), Int64(planeCount))
        onEach(
            bytes: { apus_image_contrast_bytes($0, planes, count, factor, $1) },
            floats: { apus_image_contrast_floats($0, planes, count, factor, $1) })
    }

    /// x · factor + gray · (1 - factor); a gray image stays
    /// (`torchvision.transforms.functional.adjust_saturation`).
    public func adjustSaturation(_ factor: Double) throws {
        try checkColor("adjustSaturation", factor)
        guard channels == 3 else { return }
        let count = Int64(planeCount)
        onEach(
            bytes: { apus_image_saturation_bytes($0, count, factor, $1) },
            floats: { apus_image_saturation_floats($0, count, factor, $1) })
    }

    /// Turns the hue by `shift` of a full circle, -0.5 to 0.5; a gray image stays
    /// (`torchvision.transforms.functional.adjust_hue`).
    public func adjustHue(_ shift: Double) throws {
        guard (-0.5...0.5).contains(shift) else {
            throw TensorError("adjustHue", "the shift \(shift) is not in -0.5...0.5.")
        }
        try checkColor("adjustHue", 0)
        guard channels == 3 else { return }
        let count = Int64(planeCount)
        onEach(
            bytes: { apus_image_hue_bytes($0, count, Float(shift), $1) },
            floats: { apus_image_hue_floats($0, count, Float(shift), $1) })
    }

    /// 0.2989 R + 0.587 G + 0.114 B in one channel, or repeated in three
    /// (`torchvision.transforms.functional.rgb_to_grayscale`).
    public func grayscale(channels newChannels: Int = 1) throws {
        guard newChannels == 1 || newChannels == 3, channels == 1 || channels == 3 else {
            throw TensorError("Grayscale", "\(newChannels) channels of \(channels): 1 or 3 are possible, of 1 or 3.")
        }
        let plane = planeCount * element.size
        if channels == 3 {
            let (count, isByte) = (Int64(planeCount), element == .byte)
            replace(channels: newChannels) { old, new in
                if isByte {
                    apus_image_gray_bytes(
                        old.assumingMemoryBound(to: UInt8.self), count, new.assumingMemoryBound(to: UInt8.self))
                } else {
                    apus_image_gray_floats(
                        old.assumingMemoryBound(to: Float.self), count, new.assumingMemoryBound(to: Float.self))
                }
                for channel in 1..<newChannels {
                    (new + channel * plane).copyMemory(from: new, byteCount: plane)
                }
            }
        } else if newChannels == 3 {
            replace(channels: 3) { old, new in
                for channel in 0..<3 { (new + channel * plane).copyMemory(from: old, byteCount: plane) }
            }
        }
    }

    /// x^gamma · gain of samples from 0 to 1 (`torchvision.transforms.functional.adjust_gamma`).
    public func adjustGamma(_ gamma: Double, gain: Double = 1) throws {
        guard gamma >= 0 else { throw TensorError("adjustGamma", "the exponent \(gamma) is negative.") }
        func adjusted(_ unit: Float) -> Float {
            let power = powf(unit, Float(gamma))
            return gain == 1 ? power : min(max(power * Float(gain), 0), 1)
        }
        if element == .byte {
            lookup((0...255).map { UInt8(adjusted(Float($0) * Float(1.0 / 255)) * 255.999) })
        } else {
            withFloats { samples in for index in samples.indices { samples[index] = adjusted(samples[index]) } }
        }
    }

    /// Replaces each byte by an entry of a table of 256.
    func lookup(_ table: [UInt8]) {
        let count = Int64(sampleCount)
        map { old, new in
            apus_image_lookup(
                old.assumingMemoryBound(to: UInt8.self), count, table, new.assumingMemoryBound(to: UInt8.self))
        }
    }

    private func checkColor(_ operation: String, _ factor: Double) throws {
        guard factor >= 0 else { throw TensorError(operation, "the factor \(factor) is negative.") }
        guard channels == 1 || channels == 3 else {
            throw TensorError(operation, "an image of \(channels) channels. Expected 1 or 3.")
        }
    }

    private func onEach(
        bytes: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void,
        floats: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        let isByte = element == .byte
        map { old, new in
            if isByte {
                bytes(old.assumingMemoryBound(to: UInt8.self), new.assumingMemoryBound(to: UInt8.self))
            } else {
                floats(old.assumingMemoryBound(to: Float.self), new.assumingMemoryBound(to: Float.self))
            }
        }
    }
}
