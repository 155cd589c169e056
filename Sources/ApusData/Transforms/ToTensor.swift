/// Bytes to numbers from 0 to 1, byte / 255 rounded once (`torchvision.transforms.ToTensor`); floats stay.
public struct ToTensor: Transform {
    public init() {}

    public func output(for input: ImageFormat) -> ImageFormat {
        var output = input
        output.element = .float
        return output
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) { image.convertToUnit() }
}

/// Changes the type of the samples (`torchvision.transforms.v2.ToDtype`).
///
/// Bytes to floats: byte · (1/255), with 1/255 rounded, if `scale`; the byte's number otherwise. For 126 of the 256
/// bytes that is not the number that ``ToTensor`` gives: both are PyTorch's. Floats to bytes: 255.999 x, rounded down and
/// cut.
public struct ToDtype: Transform {
    public let element: ImageFormat.Element
    public let scale: Bool

    /// - Parameters:
    ///   - element: the type of the samples.
    ///   - scale: whether 0 … 255 becomes 0 … 1 and back; floats become bytes only with it.
    public init(_ element: ImageFormat.Element, scale: Bool = false) { (self.element, self.scale) = (element, scale) }

    public func output(for input: ImageFormat) -> ImageFormat {
        var output = input
        output.element = element
        return output
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) {
        guard element != image.element else { return }
        switch (element, scale) {
        case (.float, true): image.convertToFloats(scale: Float(1.0 / 255))
        case (.float, false): image.convertToFloats(scale: 1)
        case (.byte, true): image.convertToBytes()
        case (.byte, false): image.truncateToBytes()
        }
    }
}

extension ImageSample {
    /// Rounds floats toward zero and cuts them to 0 … 255; NaN becomes 0.
    fileprivate func truncateToBytes() {
        let count = sampleCount
        replace(element: .byte) { old, new in
            let (source, target) = (old.assumingMemoryBound(to: Float.self), new.assumingMemoryBound(to: UInt8.self))
            for index in 0..<count { target[index] = source[index] > 0 ? UInt8(min(source[index], 255)) : 0 }
        }
    }
}
