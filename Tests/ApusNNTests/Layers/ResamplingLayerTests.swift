import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// Padding, resampling and rearrangement: results found by hand, and texts that PyTorch 2.15 printed.
@Suite struct ResamplingLayerTests {
    private func numbers(_ shape: Int...) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map(Float.init), shape: Shape(shape))
    }

    private func row(_ layer: Module) -> [Float] { layer(numbers(1, 1, 4)).array() }

    @Test func paddingOfRows() {
        #expect(row(ConstantPad1d([1, 2], value: 7.5)) == [7.5, 0, 1, 2, 3, 7.5, 7.5])
        #expect(row(ZeroPad1d([-1, 1])) == [1, 2, 3, 0])
        #expect(row(ReflectionPad1d(2)) == [2, 1, 0, 1, 2, 3, 2, 1])
        #expect(row(ReplicationPad1d([1, 2])) == [0, 0, 1, 2, 3, 3, 3])
        #expect(row(CircularPad1d([1, 2])) == [3, 0, 1, 2, 3, 0, 1])
    }

    @Test func paddingOfPlanesAndVolumes() {
        let plane = numbers(1, 2, 2)
        #expect(ZeroPad2d([1, 0, 0, 1])(plane).array() == [0, 0, 1, 0, 2, 3, 0, 0, 0] as [Float])
        #expect(ReflectionPad2d([1, 0, 1, 0])(plane).array() == [3, 2, 3, 1, 0, 1, 3, 2, 3] as [Float])
        #expect(CircularPad2d([0, 1, 0, 0])(plane).array() == [0, 1, 0, 2, 3, 2] as [Float])
        for layer in [ConstantPad3d(1, value: 0), ZeroPad3d(1), ReplicationPad3d(1), CircularPad3d(1)] {
            #expect(layer(.zeros(2, 3, 1, 2, 3)).shape == [2, 3, 3, 4, 5])
            #expect(layer(.zeros(3, 1, 2, 3)).shape == [3, 3, 4, 5])
        }
        #expect(ReflectionPad3d([1, 0, 0, 1, 1, 1])(.zeros(0, 3, 2, 2, 2)).shape == [0, 3, 4, 3, 3])
    }

    @Test func upsampling() {
        let plane = numbers(1, 1, 2, 2)
        let doubled: [Float] = [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]
        #expect(Upsample(scaleFactor: 2)(plane).array() == doubled)
        #expect(UpsamplingNearest2d(size: 4)(plane).array() == doubled)
        let corners: [Float] = [0, 0.5, 1, 1, 1.5, 2, 2, 2.5, 3]
        #expect(UpsamplingBilinear2d(size: [3, 3])(plane).array() == corners)
        #expect(Upsample(size: 3, mode: .bilinear, alignCorners: true)(plane).array() == corners)
        #expect(Upsample(scaleFactor: [2, 1.5], mode: .bicubic)(.zeros(0, 2, 3, 4)).shape == [0, 2, 6, 6])
        #expect(Upsample(scaleFactor: [1, 2, 3], mode: .trilinear)(.zeros(1, 2, 2, 2, 2)).shape == [1, 2, 2, 4, 6])
        #expect(interpolate(plane, size: 1, mode: .area).item() == 1.5)
    }

    @Test func shuffles() {
        let blocks = numbers(1, 4, 1, 2)
        let plane = PixelShuffle(2)(blocks)
        #expect(plane.shape == [1, 1, 2, 4])
        #expect(plane.array() == [0, 2, 1, 3, 4, 6, 5, 7] as [Float])
        #expect(PixelUnshuffle(2)(plane).array() == (0..<8).map(Float.init))
        #expect(PixelShuffle(3)(.zeros(0, 2, 18, 2, 3)).shape == [0, 2, 2, 6, 9])
        #expect(ChannelShuffle(2)(numbers(1, 6, 1, 1)).array() == [0, 3, 1, 4, 2, 5] as [Float])
        #expect(Unflatten(1, [2, -1])(numbers(2, 6)).shape == [2, 2, 3])
        #expect(Unflatten(-1, [3])(numbers(2, 3)).shape == [2, 3])
    }

    @Test func printing() {
        let layers: [Module] = [
            ConstantPad2d(2, value: 3.5), ConstantPad1d([1, 2], value: 1), ConstantPad3d(1, value: -2),
            ZeroPad1d(1), ZeroPad2d([1, 2, 3, 4]), ZeroPad3d(1), ReflectionPad1d(1), ReflectionPad2d(1),
            ReflectionPad3d(2), ReplicationPad1d(3), ReplicationPad2d([0, 1, 0, 1]),
            ReplicationPad3d([1, 2, 1, 2, 0, 1]), CircularPad1d(2), CircularPad2d(1), CircularPad3d(1),
            Upsample(scaleFactor: 2), Upsample(size: [3, 4], mode: .bilinear, alignCorners: true), Upsample(size: 3),
            Upsample(scaleFactor: [2, 3.5], mode: .bicubic, recomputeScaleFactor: true),
            Upsample(scaleFactor: [2], mode: .nearestExact), UpsamplingNearest2d(scaleFactor: 2),
            UpsamplingBilinear2d(size: [3, 4]), PixelShuffle(2), PixelUnshuffle(3), ChannelShuffle(4),
            Unflatten(1, [2, 3]), Unflatten(-1, [2]),
        ]
        let expected = """
            ConstantPad2d(padding=(2, 2, 2, 2), value=3.5)
            ConstantPad1d(padding=(1, 2), value=1)
            ConstantPad3d(padding=(1, 1, 1, 1, 1, 1), value=-2)
            ZeroPad1d((1, 1))
            ZeroPad2d((1, 2, 3, 4))
            ZeroPad3d((1, 1, 1, 1, 1, 1))
            ReflectionPad1d((1, 1))
            ReflectionPad2d((1, 1, 1, 1))
            ReflectionPad3d((2, 2, 2, 2, 2, 2))
            ReplicationPad1d((3, 3))
            ReplicationPad2d((0, 1, 0, 1))
            ReplicationPad3d((1, 2, 1, 2, 0, 1))
            CircularPad1d((2, 2))
            CircularPad2d((1, 1, 1, 1))
            CircularPad3d((1, 1, 1, 1, 1, 1))
            Upsample(scale_factor=2.0, mode='nearest')
            Upsample(size=(3, 4), mode='bilinear')
            Upsample(size=3, mode='nearest')
            Upsample(scale_factor=(2.0, 3.5), mode='bicubic')
            Upsample(scale_factor=(2.0,), mode='nearest-exact')
            UpsamplingNearest2d(scale_factor=2.0, mode='nearest')
            UpsamplingBilinear2d(size=(3, 4), mode='bilinear')
            PixelShuffle(upscale_factor=2)
            PixelUnshuffle(downscale_factor=3)
            ChannelShuffle(groups=4)
            Unflatten(dim=1, unflattened_size=(2, 3))
            Unflatten(dim=-1, unflattened_size=(2,))
            """
        #expect(layers.map(\.description).joined(separator: "\n") == expected)
        #expect(layers.allSatisfy { $0.stateDict().isEmpty })
    }

    static let refusals: [LayerErrorTests.Case] = [
        .init("padding.count", ["ReflectionPad2d", "[1, 2, 3]", "Give one, or 4: left, right, top, bottom"]) {
            _ = ReflectionPad2d([1, 2, 3])
        },
        .init("padding.rank", ["pad", "[7, 9] of 2 dimensions", "4 for 3 or 4"]) {
            _ = ReplicationPad2d(1)(.zeros(7, 9))
        },
        .init("padding.zeros_rank", ["pad", "2 dimensions", "[9] has 1"]) { _ = ZeroPad2d(1)(.zeros(9)) },
        .init("padding.reflect", ["pad", "(9, 0) is too large to reflect dimension 3 of [3, 2, 7, 9]", "less than 9"]) {
            _ = ReflectionPad2d([9, 0, 0, 0])(.zeros(3, 2, 7, 9))
        },
        .init("padding.reflect_nothing", ["nothing is left of dimension 2", "-2 + 4 + -2 is less than 1"]) {
            _ = ReflectionPad1d(-2)(.zeros(1, 1, 4))
        },
        .init("padding.replicate_nothing", ["nothing is left", "to replicate"]) {
            _ = ReplicationPad1d([-3, -1])(.zeros(1, 1, 4))
        },
        .init("padding.circular", ["wraps around dimension 2 of [1, 1, 4] more than once", "at most 4"]) {
            _ = CircularPad1d([5, 0])(.zeros(1, 1, 4))
        },
        .init("padding.crop", ["(-9, -1) takes more than the 9 elements", "Crop at most 9"]) {
            _ = ZeroPad2d([-9, -1, 0, 0])(.zeros(3, 2, 7, 9))
        },
        .init("padding.empty", ["[2, 0, 4, 5] has a dimension without elements to repeat"]) {
            _ = ReflectionPad2d(1)(.zeros(2, 0, 4, 5))
        },
        .init("padding.odd", ["[1, 2, 3] has 3 numbers"]) { _ = Tensor.zeros(2, 3).pad([1, 2, 3]) },
        .init("padding.value", ["the value 2.0 has no meaning with the mode reflect"]) {
            _ = Tensor.zeros(2, 3).pad([1, 1], mode: .reflect, value: 2)
        },
        .init("upsample.both", ["Upsample", "both size and scaleFactor"]) { _ = Upsample(size: 4, scaleFactor: 2) },
        .init("upsample.neither", ["Upsample", "neither size nor scaleFactor"]) { _ = Upsample() },
        .init("upsample.size_zero", ["size is (0, 3)"]) { _ = Upsample(size: [0, 3]) },
        .init("upsample.factor", ["scaleFactor is 0.0"]) { _ = Upsample(scaleFactor: 0) },
        .init("upsample.factor_too_small", ["⌊4 · 0.2⌋", "at least 1"]) {
            _ = Upsample(scaleFactor: 0.2)(.zeros(1, 1, 4, 4))
        },
        .init("upsample.rank", ["[3, 2, 7] has 3 dimensions", "bilinear needs 4"]) {
            _ = Upsample(scaleFactor: 2, mode: .bilinear)(.zeros(3, 2, 7))
        },
        .init("upsample.rank_2", ["[3, 2] has 2 dimensions", "nearest needs 3, 4 or 5"]) {
            _ = Upsample(scaleFactor: 2)(.zeros(3, 2))
        },
        .init("upsample.size_count", ["size: [3, 4, 5] has 3 numbers", "2 spatial"]) {
            _ = Upsample(size: [3, 4, 5])(.zeros(3, 2, 7, 9))
        },
        .init("upsample.factor_count", ["scaleFactor: [2.0, 2.0, 2.0] has 3 numbers", "2 spatial"]) {
            _ = Upsample(scaleFactor: [2, 2, 2])(.zeros(3, 2, 7, 9))
        },
        .init("upsample.corners", ["alignCorners has no meaning with the mode nearest"]) {
            _ = Upsample(scaleFactor: 2, alignCorners: true)(.zeros(1, 1, 2, 2))
        },
        .init("upsample.recompute", ["recomputeScaleFactor has no meaning with a size"]) {
            _ = Upsample(size: 2, recomputeScaleFactor: true)(.zeros(1, 1, 2, 2))
        },
        .init("upsample.type", ["int64", "float32"]) {
            _ = Upsample(scaleFactor: 2)(.ones(1, 1, 2, 2, dtype: .int64))
        },
        .init("upsample.empty", ["[2, 0, 4, 5] has no elements"]) { _ = Upsample(size: 2)(.zeros(2, 0, 4, 5)) },
        .init("interpolate.antialias", ["antialias is defined for bilinear, bicubic and lanczos only"]) {
            _ = interpolate(.zeros(1, 1, 2, 2), size: 2, antialias: true)
        },
        .init("interpolate.lanczos", ["lanczos is defined with antialias: true only"]) {
            _ = interpolate(.zeros(1, 1, 2, 2), size: 2, mode: .lanczos)
        },
        .init("pixelshuffle.channels", ["pixel_shuffle", "[3, 6, 7, 9] has 6 channels", "2² = 4"]) {
            _ = PixelShuffle(2)(.zeros(3, 6, 7, 9))
        },
        .init("pixelshuffle.rank", ["[4, 7] has 2 dimensions"]) { _ = PixelShuffle(2)(.zeros(4, 7)) },
        .init("pixelshuffle.factor", ["PixelShuffle", "upscaleFactor is 0"]) { _ = PixelShuffle(0) },
        .init("pixelshuffle.huge", ["is not a multiple of"]) { _ = PixelShuffle(1 << 40)(.zeros(1, 4, 1, 1)) },
        .init("pixelunshuffle.size", ["pixel_unshuffle", "height 5 of the input [3, 2, 5, 6]"]) {
            _ = PixelUnshuffle(2)(.zeros(3, 2, 5, 6))
        },
        .init("pixelunshuffle.factor", ["downscaleFactor is -1"]) { _ = PixelUnshuffle(-1) },
        .init("channelshuffle.groups", ["channel_shuffle", "6 channels", "groups: 4"]) {
            _ = ChannelShuffle(4)(.zeros(1, 6, 2, 2))
        },
        .init("channelshuffle.rank", ["[6, 2] has 2 dimensions"]) { _ = ChannelShuffle(2)(.zeros(6, 2)) },
        .init("unflatten.product", ["[2, 5] do not multiply to 12"]) { _ = Unflatten(1, [2, 5])(.zeros(2, 12)) },
        .init("unflatten.unknown", ["several -1"]) { _ = Unflatten(1, [-1, -1])(.zeros(2, 12)) },
        .init("unflatten.negative", ["reshape", "[2, -3, -4]"]) { _ = Unflatten(1, [-3, -4])(.zeros(2, 12)) },
        .init("unflatten.overflow", ["do not multiply to 12"]) { _ = Unflatten(1, [1 << 62, 4])(.zeros(2, 12)) },
        .init("unflatten.scalar", ["a scalar has no dimension to split"]) { _ = Unflatten(0, [1])(.zeros([])) },
    ]

    @Test(arguments: refusals)
    func isRefused(_ refused: LayerErrorTests.Case) throws {
        let text = try #require(message(of: refused.body))
        for fragment in refused.fragments { #expect(text.contains(fragment), "\(text)") }
    }

    @Test func errorsNameTheLayer() {
        let net = Sequential(ReLU(), Sequential(Flatten(), Linear(1568, 10)))
        let text = message { _ = net(.zeros(8, 64, 3, 3)) }
        #expect(
            text?.hasPrefix(
                "1.1: Linear(in_features: 1568): the input has 576 features (64×3×3 after flatten). "
                    + "Expected in_features: 576.") == true)
    }

    /// PyTorch's results, whose gradient of `nearest` does not ask the scale where it leaves or doubles a size.
    @Test func nearestByAFactorThatKeepsTheSize() throws {
        func gradient(_ layer: Module, of x: Tensor) throws -> ([Float], [Float]) {
            let x = x.requiringGrad()
            let y = layer(x)
            y.backward(gradient: numbers(1, 1, y.count).reshape(y.shape) + 1)
            return (y.array(), try #require(x.grad).array())
        }
        let (kept, slopes) = try gradient(Upsample(scaleFactor: 1.3), of: numbers(1, 1, 3))
        #expect(kept == [0, 0, 1] && slopes == [1, 2, 3])
        let (doubled, halved) = try gradient(Upsample(scaleFactor: 2.3), of: numbers(1, 1, 2))
        #expect(doubled == [0, 0, 0, 1] && halved == [3, 7])
        let (exact, exactSlopes) = try gradient(
            Upsample(scaleFactor: 1.3, mode: .nearestExact), of: numbers(1, 1, 3))
        #expect(exact == [0, 1, 1] && exactSlopes == [1, 5, 0])
    }

    /// A neighbour has no share, not even a NaN, where sizes are equal.
    @Test func equalSizesKeepNotANumberToItself() {
        let x = Tensor([[[1.0, .nan], [3, 4]]])
        let y: [Float] = Upsample(size: [2, 2], mode: .bilinear)(x.unsqueeze(dim: 0)).array()
        #expect(y[0] == 1 && y[1].isNaN && y[2] == 3 && y[3] == 4)
    }
}
