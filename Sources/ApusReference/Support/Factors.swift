import ApusGraph

extension ArrayView {
    /// All elements in double precision, as the factors of products of a precision: those of `float32` are rounded to it,
    /// ties to even.
    func factors(_ precision: Precision) -> [Double] {
        guard precision == .bfloat16, dtype == .float32 else { return reals() }
        return reals().map { Double(Float($0).roundedToBFloat16) }
    }
}

extension Float {
    /// The nearest number whose lower 16 bits are 0: what `bfloat16` holds. A NaN stays one.
    var roundedToBFloat16: Float {
        guard !isNaN else { return self }
        let bits = bitPattern
        // Half of the last place, and one more where the kept part is odd, so that ties go to even.
        return Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000)
    }
}
