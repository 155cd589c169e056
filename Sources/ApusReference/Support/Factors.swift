import ApusGraph

extension ArrayView {
    /// All elements in double precision, as the factors of products of a precision: those of `float32` are rounded to it,
    /// ties to even. `tensorFloat32` is a permission, which is not used here.
    func factors(_ precision: Precision) -> [Double] {
        guard dtype == .float32 else { return reals() }
        switch precision {
        case .full, .tensorFloat32: return reals()
        case .bfloat16: return reals().map { Double(Float($0).roundedToBFloat16) }
        case .float16: return reals().map { Double(Float($0).roundedToFloat16) }
        }
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

    /// The nearest number of `float16`: multiples of 2⁻²⁴ below 2⁻¹⁴, and infinity from 65520 on. A NaN stays one.
    var roundedToFloat16: Float {
        guard isFinite else { return self }
        // The last place that is kept: 10 bits below the first one, and no less than that of the smallest numbers.
        let place = Float(sign: .plus, exponent: max(isZero ? -14 : exponent, -14) - 10, significand: 1)
        let rounded = (self / place).rounded(.toNearestOrEven) * place
        return rounded.magnitude > 65504 ? Float(signOf: self, magnitudeOf: .infinity) : rounded
    }
}
