import ApusGraph
import CKernels

extension ImageSample {
    /// Bytes to numbers from 0 to 1, byte / 255 rounded once (`torchvision.transforms.functional.to_tensor`); floats
    /// stay.
    public func convertToUnit() {
        guard element == .byte else { return }
        let count = Int64(sampleCount)
        replace(element: .float) { old, new in
            apus_unit_floats_from_bytes(
                old.assumingMemoryBound(to: UInt8.self), new.assumingMemoryBound(to: Float.self), 0, count)
        }
    }

    /// Bytes times `scale` as floats; floats stay.
    func convertToFloats(scale: Float) {
        guard element == .byte else { return }
        let count = Int64(sampleCount)
        replace(element: .float) { old, new in
            apus_floats_from_bytes(
                old.assumingMemoryBound(to: UInt8.self), scale, 0, new.assumingMemoryBound(to: Float.self), 0, count)
        }
    }

    /// Numbers from 0 to 1 to bytes, 255.999 x rounded down and cut
    /// (`torchvision.transforms.v2.functional.to_dtype` with `scale`); bytes stay.
    public func convertToBytes() {
        guard element == .float else { return }
        let count = Int64(sampleCount)
        replace(element: .byte) { old, new in
            apus_bytes_from_floats(
                old.assumingMemoryBound(to: Float.self), new.assumingMemoryBound(to: UInt8.self), 0, count)
        }
    }

    /// (x - mean) / deviation of each channel of floats.
    func normalize(mean: [Float], deviation: [Float]) {
        let plane = planeCount
        let count = channels
        map { old, new in
            for channel in 0..<count {
                let offset = channel * plane
                apus_normalized_floats(
                    old.assumingMemoryBound(to: Float.self) + offset, mean[mean.count == 1 ? 0 : channel],
                    deviation[deviation.count == 1 ? 0 : channel], new.assumingMemoryBound(to: Float.self) + offset, 0,
                    Int64(plane))
            }
        }
    }

    // MARK: - Leaving

    /// Writes the image as floats [channels, height, width]; bytes are divided by 255.
    func write(to target: UnsafeMutablePointer<Float>) {
        if element == .byte {
            apus_unit_floats_from_bytes(pixels.assumingMemoryBound(to: UInt8.self), target, 0, Int64(sampleCount))
        } else {
            UnsafeMutableRawPointer(target).copyMemory(from: pixels, byteCount: sampleCount * 4)
        }
    }

    /// Writes an image of bytes as floats (x / 255 - mean) / deviation.
    func writeNormalized(to target: UnsafeMutablePointer<Float>, mean: [Float], deviation: [Float]) {
        let plane = planeCount
        for channel in 0..<channels {
            apus_normalized_floats_from_bytes(
                pixels.assumingMemoryBound(to: UInt8.self) + channel * plane, mean[mean.count == 1 ? 0 : channel],
                deviation[deviation.count == 1 ? 0 : channel], target + channel * plane, 0, Int64(plane))
        }
    }
}
