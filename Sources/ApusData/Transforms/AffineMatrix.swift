import ApusGraph
import Foundation

/// The inverse of a rotation, scaling, shear and shift, in pixels from the image's centre: where each pixel of the result
/// comes from.
struct AffineMatrix {
    /// x = m[0] x' + m[1] y' + m[2], y = m[3] x' + m[4] y' + m[5].
    let elements: [Double]

    /// With R the rotation, S the shears, C and T shifts by centre and translation, the map is T C R scale S C⁻¹.
    ///
    /// - Parameters:
    ///   - angle, shear: in degrees.
    ///   - center: from the image's own centre.
    init(
        angle: Double, translate: (x: Double, y: Double) = (0, 0), scale: Double = 1,
        shear: (x: Double, y: Double) = (0, 0), center: (x: Double, y: Double) = (0, 0)
    ) {
        let degree = Double.pi / 180
        let (rotation, shearX, shearY) = (angle * degree, shear.x * degree, shear.y * degree)
        let a = cos(rotation - shearY) / cos(shearY)
        let b = -(a * tan(shearX) + sin(rotation))
        let c = sin(rotation - shearY) / cos(shearY)
        let d = cos(rotation) - c * tan(shearX)
        // The determinant of [[a, b], [c, d]] is 1.
        let linear = [d / scale, -b / scale, -c / scale, a / scale]
        let (x, y) = (center.x + translate.x, center.y + translate.y)
        elements = [
            linear[0], linear[1], center.x - linear[0] * x - linear[1] * y,
            linear[2], linear[3], center.y - linear[2] * x - linear[3] * y,
        ]
    }

    /// The size of the box around an image of that size, turned.
    func boundingSize(height: Int, width: Int) -> (height: Int, width: Int) {
        let (halfWidth, halfHeight) = (Double(width) / 2, Double(height) / 2)
        let corners = [(-1.0, -1.0), (-1, 1), (1, 1), (1, -1)].map { ($0.0 * halfWidth, $0.1 * halfHeight) }
        func extent(_ row: Int, _ half: Double) -> Int {
            let places = corners.map {
                elements[3 * row] * $0.0 + elements[3 * row + 1] * $0.1 + elements[3 * row + 2] + half
            }
            // Cut after four digits, so that a rounding error does not add a pixel.
            let least = ((places.min() ?? 0) * 1e4).rounded(.towardZero) * 1e-4
            let most = ((places.max() ?? 0) * 1e4).rounded(.towardZero) * 1e-4
            return Int(most.rounded(.up) - least.rounded(.down))
        }
        return (extent(1, halfHeight), extent(0, halfWidth))
    }
}

extension ImageSample {
    /// Rotates, shifts, scales and shears about the centre (`torchvision.transforms.functional.affine`).
    ///
    /// - Parameters:
    ///   - angle: degrees, clockwise.
    ///   - translate: pixels, right and down.
    ///   - scale: above 0.
    ///   - shear: degrees along x and y.
    ///   - interpolation: nearest or bilinear.
    ///   - fill: what stands beyond the borders; nil for 0.
    ///   - center: the fixed point, x and y from the top left corner; nil for the middle.
    public func affine(
        angle: Double, translate: (x: Double, y: Double) = (0, 0), scale: Double = 1,
        shear: (x: Double, y: Double) = (0, 0), interpolation: ImageInterpolation = .nearest, fill: [Double]? = nil,
        center: (x: Double, y: Double)? = nil
    ) throws {
        guard scale > 0 else { throw TensorError("affine", "the scale \(scale) is not above 0.") }
        let matrix = AffineMatrix(
            angle: angle, translate: translate, scale: scale, shear: shear, center: offset(of: center))
        try warp(matrix.elements, height: height, width: width, interpolation: interpolation, fill: fill)
    }

    /// Rotates about the centre (`torchvision.transforms.functional.rotate`).
    ///
    /// - Parameters:
    ///   - angle: degrees, counter-clockwise.
    ///   - expand: make the result large enough for the whole image.
    ///   - interpolation: nearest or bilinear.
    ///   - fill: what stands beyond the borders, one value or one for each channel.
    ///   - center: the fixed point, x and y from the top left corner; nil for the middle.
    public func rotate(
        angle: Double, interpolation: ImageInterpolation = .nearest, expand: Bool = false, fill: [Double]? = nil,
        center: (x: Double, y: Double)? = nil
    ) throws {
        let rest = angle.truncatingRemainder(dividingBy: 360)
        let turn = rest < 0 ? rest + 360 : rest
        if center == nil {
            if turn == 0 { return }
            if turn == 180 { return self.turn(quarters: 2) }
            if expand || height == width, turn == 90 || turn == 270 { return self.turn(quarters: turn == 90 ? 1 : 3) }
        }
        let matrix = AffineMatrix(angle: -turn, center: offset(of: center))
        let size = expand ? matrix.boundingSize(height: height, width: width) : (height, width)
        try warp(matrix.elements, height: size.0, width: size.1, interpolation: interpolation, fill: fill)
    }

    private func offset(of center: (x: Double, y: Double)?) -> (x: Double, y: Double) {
        center.map { ($0.x - Double(width) / 2, $0.y - Double(height) / 2) } ?? (0, 0)
    }
}
