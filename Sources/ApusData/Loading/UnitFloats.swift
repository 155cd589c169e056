/// Pixels as numbers from 0 to 1.
enum UnitFloats {
    /// Writes byte / 255 for each byte, rounded once (`torchvision.transforms.ToTensor`).
    ///
    /// It divides: multiplying by a rounded 1/255 gives another number for 126 of the 256 bytes.
    static func convert(_ bytes: UnsafeBufferPointer<UInt8>, to floats: UnsafeMutablePointer<Float>) {
        guard let source = bytes.baseAddress else { return }
        var index = 0
        while index < bytes.count {
            floats[index] = Float(source[index]) / 255
            index += 1
        }
    }
}
