import Foundation

/// The operations of the automatic augmentations, with the strength that they are given.
enum AugmentationOperation: String, Sendable, CaseIterable {
    case identity, shearX, shearY, translateX, translateY, rotate, brightness, color, contrast, sharpness, posterize
    case solarize, autoContrast, equalize, invert

    /// The strengths that a method gives its operations: even steps from the weakest to the strongest.
    struct Strengths: Sendable {
        /// The largest shear.
        let shear: Double
        /// The largest shift of an image of that width (or height), in pixels.
        let translate: @Sendable (Int) -> Double
        /// The largest angle in degrees.
        let rotate: Double
        /// The largest change of a factor.
        let factor: Double
        /// The bits that posterizing takes away at most.
        let posterize: Double

        /// Of AutoAugment and RandAugment.
        static let usual = Strengths(
            shear: 0.3, translate: { 150.0 / 331 * Double($0) }, rotate: 30, factor: 0.9, posterize: 4)
        /// Of TrivialAugment.
        static let wide = Strengths(
            shear: 0.99, translate: { _ in 32 }, rotate: 135, factor: 0.99, posterize: 6)
    }

    /// Whether the sign of the strength is drawn.
    var isSigned: Bool {
        switch self {
        case .shearX, .shearY, .translateX, .translateY, .rotate, .brightness, .color, .contrast, .sharpness: true
        case .identity, .posterize, .solarize, .autoContrast, .equalize, .invert: false
        }
    }

    /// The strength of step `bin` of `bins` (at least 2).
    func strength(_ bin: Int, of bins: Int, _ strengths: Strengths, height: Int, width: Int) -> Double {
        let share = Double(bin) / Double(bins - 1)
        switch self {
        case .identity, .autoContrast, .equalize, .invert: return 0
        case .shearX, .shearY: return share * strengths.shear
        case .translateX: return share * strengths.translate(width)
        case .translateY: return share * strengths.translate(height)
        case .rotate: return share * strengths.rotate
        case .brightness, .color, .contrast, .sharpness: return share * strengths.factor
        case .posterize: return (8 - share * strengths.posterize).rounded(.toNearestOrEven)
        case .solarize: return 1 - share
        }
    }

    /// Changes an image.
    func apply(
        to image: ImageSample, strength: Double, interpolation: ImageInterpolation, fill: [Double]?
    ) throws {
        func shear(_ x: Double, _ y: Double) throws {
            // The strength is the tangent; the fixed point is the top left corner.
            try image.affine(
                angle: 0, shear: (atan(x) * 180 / .pi, atan(y) * 180 / .pi), interpolation: interpolation, fill: fill,
                center: (0, 0))
        }
        func shift(_ x: Double, _ y: Double) throws {
            try image.affine(
                angle: 0, translate: (x.rounded(.towardZero), y.rounded(.towardZero)), interpolation: interpolation,
                fill: fill)
        }
        switch self {
        case .identity: break
        case .shearX: try shear(strength, 0)
        case .shearY: try shear(0, strength)
        case .translateX: try shift(strength, 0)
        case .translateY: try shift(0, strength)
        case .rotate: try image.rotate(angle: strength, interpolation: interpolation, fill: fill)
        case .brightness: try image.adjustBrightness(1 + strength)
        case .color: try image.adjustSaturation(1 + strength)
        case .contrast: try image.adjustContrast(1 + strength)
        case .sharpness: try image.adjustSharpness(1 + strength)
        case .posterize: try image.posterize(bits: Int(strength))
        case .solarize: try image.solarize(threshold: strength * (image.element == .byte ? 255 : 1))
        case .autoContrast: image.autocontrast()
        case .equalize: image.equalize()
        case .invert: image.invert()
        }
    }

    /// Draws the sign where there is one, and changes an image.
    func apply(
        to image: ImageSample, bin: Int, of bins: Int, _ strengths: Strengths, interpolation: ImageInterpolation,
        fill: [Double]?, _ random: inout TransformRandom
    ) throws {
        let strength = strength(bin, of: bins, strengths, height: image.height, width: image.width)
        let sign: Double = isSigned && random.chance(0.5) ? -1 : 1
        try apply(to: image, strength: sign * strength, interpolation: interpolation, fill: fill)
    }
}
