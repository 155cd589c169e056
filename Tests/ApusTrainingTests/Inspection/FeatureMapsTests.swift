import ApusData
import ApusEngine
import ApusGraph
import ApusNN
import Testing

@testable import ApusTraining

private final class Block: Module {
    let conv = Conv2d(2, 2, kernelSize: 3, padding: 1)
    override func forward(_ x: Tensor) -> Tensor { x + conv(x) }
}

private final class Net: Module {
    let features = Sequential(Conv2d(1, 2, kernelSize: 3, padding: 1), ReLU(), Dropout(0.5), MaxPool2d(2))
    let block = Block()
    let fc = Linear(18, 4)
    override func forward(_ x: Tensor) -> Tensor { fc(block(features(x)).flatten(from: 1)) }
}

@Suite struct FeatureMapsTests {
    private let image = Tensor((0..<36).map { Float($0 % 7) }, shape: [1, 6, 6])

    /// The sequence and the dropout hand on what another layer gave; the block's sum is its own; the rest is no map.
    @Test func eachLayerOnce() throws {
        let model = Net()
        let maps = try FeatureMaps(of: model, image: image)
        #expect(maps.layers.map(\.path) == ["features.0", "features.1", "features.3", "block.conv", "block"])
        #expect(maps.layers.map(\.type) == ["Conv2d", "ReLU", "MaxPool2d", "Conv2d", "Block"])
        #expect(maps.layers.map(\.maps.shape) == [[2, 6, 6], [2, 6, 6], [2, 3, 3], [2, 3, 3], [2, 3, 3]])
        #expect(model.isTraining)
        let relu = model.features[0](image.unsqueeze(dim: 0)).relu()[0]
        #expect(maps.layers[1].maps.array() == relu.array())
    }

    /// Two channels of 6×6 pixels beside each other, enlarged 7 times, with 3 pixels around.
    @Test func pictures() throws {
        let layer = FeatureMaps.Layer(
            path: "a", type: "Conv2d", maps: Tensor.cat([image, image * 0 + 5]))
        let picture = try layer.image()
        #expect((picture.width, picture.height, picture.channels) == (2 * 45 + 3, 48, 3))
        func color(_ x: Int, _ y: Int) -> [UInt8] {
            let start = (y * picture.width + x) * 3
            return Array(picture.samples[start..<(start + 3)])
        }
        // 0 is the least of the first channel, 6 the most; the second channel has no contrast.
        #expect(color(3, 3) == [0x44, 0x01, 0x54])
        #expect(color(2, 3) == [255, 255, 255] && color(3, 2) == [255, 255, 255])
        // The seventh number stands at the beginning of the second row.
        #expect(color(9, 10) == color(3, 10) && color(3, 10) == [0xFD, 0xE7, 0x25])
        #expect(color(48, 3) == [0x44, 0x01, 0x54] && color(89, 44) == [0x44, 0x01, 0x54])
    }

    @Test func whatIsRefused() throws {
        #expect(throws: InspectionError.noFeatureMaps(model: "Sequential")) {
            try FeatureMaps(of: Sequential(Flatten(), Linear(36, 2)), image: image)
        }
        #expect(throws: InspectionError.notAnImage(shape: [6, 6])) { try FeatureMaps(of: Net(), image: image[0]) }
        #expect(throws: TensorError.self) { try FeatureMaps(of: Net(), image: .zeros(2, 6, 6)) }
    }
}

@Suite struct FilterGridTests {
    private final class Colors: Module {
        let conv: Conv2d
        init(_ channels: Int, filters: Int) {
            conv = Conv2d(channels, filters, kernelSize: 2)
            super.init()
        }
        override func forward(_ x: Tensor) -> Tensor { conv(x) }
    }

    @Test func theFirstConvolution() throws {
        let model = Net()
        let grid = try FilterGrid(of: model)
        #expect(grid.path == "features.0" && grid.weights.array() == model.features[0].parameters()[0].data.array())
        #expect(throws: InspectionError.noConvolutions(model: "Linear")) { try FilterGrid(of: Linear(2, 2)) }
        #expect(
            "\(InspectionError.noConvolutions(model: "Linear"))".contains("Linear has no two-dimensional convolution"))
    }

    @Test func aLazyConvolutionHasNoFiltersYet() throws {
        let model = Sequential(LazyConv2d(4, kernelSize: 3))
        #expect(throws: TensorError.self) { try FilterGrid(of: model) }
        _ = model(Tensor.zeros(1, 3, 8, 8))
        #expect(try FilterGrid(of: model).weights.shape == [4, 3, 3, 3])
    }

    /// Kernels of 2×2 are enlarged 20 times, 4 pixels apart.
    @Test(arguments: [(1, 5, 3, 2), (3, 5, 3, 2), (2, 5, 2, 5)])
    func sizes(_ channels: Int, _ filters: Int, _ columns: Int, _ rows: Int) throws {
        let picture = try FilterGrid(of: Colors(channels, filters: filters)).image()
        #expect((picture.width, picture.height) == (columns * 44 + 4, rows * 44 + 4))
    }

    /// Each filter by itself, over its channels together; one of equal weights is black.
    @Test func stretching() throws {
        let model = Colors(3, filters: 2)
        model.conv.weight.data = Tensor(
            [
                [[[-1, 0], [0, 0]], [[0, 0], [0, 0]], [[1, 0], [0, 0]]],
                [[[7, 7], [7, 7]], [[7, 7], [7, 7]], [[7, 7], [7, 7]]],
            ]
                as [[[[Float]]]])
        let picture = try FilterGrid(of: model).image()
        func color(_ x: Int, _ y: Int) -> [UInt8] {
            let start = (y * picture.width + x) * 3
            return Array(picture.samples[start..<(start + 3)])
        }
        #expect(color(4, 4) == [0, 128, 255] && color(24, 4) == [128, 128, 128] && color(4, 24) == [128, 128, 128])
        #expect(color(48, 4) == [0, 0, 0] && color(87, 43) == [0, 0, 0])
    }
}
