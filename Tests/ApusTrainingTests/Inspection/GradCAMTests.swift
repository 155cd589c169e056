import ApusData
import ApusEngine
import ApusGraph
import ApusNN
import Testing

@testable import ApusTraining

/// A convolution of one pixel to two channels, a ReLU, the mean of each channel, and two classes.
private final class TinyNet: Module {
    let conv = Conv2d(1, 2, kernelSize: 1, bias: false)
    let act = ReLU()
    let drop = Dropout(0.5)
    let fc = Linear(2, 2, bias: false)

    override init() {
        super.init()
        // A¹ = x, A² = −x before the ReLU; y⁰ = mean(A¹) + 3 mean(A²), y¹ = 2 mean(A¹) − mean(A²).
        conv.weight.data = Tensor([[[[1]]], [[[-1]]]] as [[[[Float]]]])
        fc.weight.data = Tensor([[1, 3], [2, -1]] as [[Float]])
    }

    override func forward(_ x: Tensor) -> Tensor { fc(drop(act(conv(x))).mean(dim: [2, 3])) }
}

private final class Flat: Module {
    let fc = Linear(4, 2)
    override func forward(_ x: Tensor) -> Tensor { fc(x.flatten(from: 1)) }
}

@Suite struct GradCAMTests {
    private let image = Tensor([[[1, -2], [4, 0]]] as [[[Float]]])

    /// By hand: the logit of class 1 is 2 · mean(A¹) − mean(A²) with A the ReLU's result, so that ∂y/∂A¹ = 2/4 and
    /// ∂y/∂A² = −1/4 at each of the four positions; these are the means too. A¹ = (1, 0, 4, 0), A² = (0, 2, 0, 0):
    /// ½ A¹ − ¼ A² = (½, −½, 2, 0), of which the ReLU leaves (½, 0, 2, 0).
    @Test func afterTheActivation() throws {
        let cam = try GradCAM(of: TinyNet(), image: image, classIndex: 1, layer: "act")
        #expect(cam.layer == "act" && cam.classIndex == 1)
        #expect(cam.layerMap.shape == [2, 2] && cam.layerMap.array() == [0.5, 0, 2, 0])
        #expect(cam.map.array() == [0.25, 0, 1, 0])
    }

    /// At the convolution itself the gradient passes where its result is positive: A¹ = x at 1 and 4, A² = −x at −2. So
    /// for class 0: α₁ = mean(¼, 0, ¼, 0) = ⅛, α₂ = mean(0, ¾, 0, 0) = 3/16; ⅛ x − 3/16 x = −x/16: (0, ⅛, 0, 0).
    @Test func theLastConvolutionAndThePredictedClass() throws {
        let model = TinyNet()
        // Mean A¹ = 5/4 and A² = ½: the logits are 2¾ and 2.
        let cam = try GradCAM(of: model, image: image)
        #expect(cam.layer == "conv" && cam.classIndex == 0)
        #expect(cam.layerMap.array() == [0, 0.125, 0, 0])
        #expect(cam.map.array() == [0, 1, 0, 0])
        #expect(model.isTraining && model.parameters().allSatisfy { $0.grad == nil })
    }

    /// Frozen parameters, a surrounding `noGrad` and eager evaluation change nothing.
    @Test func whereParametersNeedNoGradient() throws {
        let model = TinyNet()
        for parameter in model.parameters() { parameter.requiresGrad = false }
        let cam = try noGrad { try GradCAM(of: model, image: image) }
        #expect(cam.layerMap.array() == [0, 0.125, 0, 0])
        let eager = try EvaluationHook.$isEager.withValue(true) { try GradCAM(of: model, image: image) }
        #expect(eager.layerMap.array() == [0, 0.125, 0, 0])
    }

    /// A class that nothing speaks for has a map of zeros, and not of NaN.
    @Test func nothingSpeaksForTheClass() throws {
        let model = TinyNet()
        model.fc.weight.data = Tensor([[-1, -1], [0, 0]] as [[Float]])
        let cam = try GradCAM(of: model, image: image, classIndex: 0, layer: "act")
        #expect(cam.map.array() == [0, 0, 0, 0])
    }

    @Test func whatIsRefused() throws {
        let model = TinyNet()
        #expect(throws: InspectionError.noConvolutions(model: "Flat")) { try GradCAM(of: Flat(), image: image) }
        #expect(throws: InspectionError.classOutOfRange(2, count: 2)) {
            try GradCAM(of: model, image: image, classIndex: 2)
        }
        // The dropout hands on the ReLU's result, and may be asked for.
        #expect(throws: InspectionError.noSuchLayer(path: "conv2", layers: ["conv", "act", "drop"])) {
            try GradCAM(of: model, image: image, layer: "conv2")
        }
        #expect(throws: InspectionError.notAFeatureMap(path: "fc", shape: [1, 2])) {
            try GradCAM(of: model, image: image, layer: "fc")
        }
        #expect(throws: InspectionError.notAnImage(shape: [1, 1, 2, 2])) {
            try GradCAM(of: model, image: image.unsqueeze(dim: 0))
        }
        #expect(throws: InspectionError.notLogits(model: "Conv2d", shape: [1, 2, 2, 2])) {
            try GradCAM(of: model.conv, image: image)
        }
        #expect(throws: TensorError.self) { try GradCAM(of: model, image: .zeros(3, 2, 2)) }
    }

    @Test func overlay() throws {
        let cam = try GradCAM(of: TinyNet(), image: image)
        let gray = Image(width: 2, height: 2, channels: 1, samples: [0, 100, 200, 50])
        let shown = try cam.overlay(on: gray)
        // The half of the picture, and the half of the first and the last of the map's colours.
        func mixed(_ gray: UInt8, _ number: Float) -> [UInt8] {
            ColorMap.inferno.color(at: number).bytes.map { UInt8((Double(gray) / 2 + Double($0) / 2).rounded()) }
        }
        #expect(shown.samples == mixed(0, 0) + mixed(100, 1) + mixed(200, 0) + mixed(50, 0))
        #expect(try cam.overlay(on: gray, opacity: 0) == gray.rgb())
        // Another size than the map's: stretched.
        let large = try cam.overlay(
            on: Image(width: 6, height: 8, channels: 1, samples: .init(repeating: 0, count: 48)))
        #expect((large.width, large.height) == (6, 8))
    }
}
