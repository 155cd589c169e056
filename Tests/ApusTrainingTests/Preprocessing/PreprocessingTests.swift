import ApusData
import ApusGraph
import ApusTraining
import Testing

@Suite struct PreprocessingTests {
    @Test(
        arguments: [
            (.resize(height: 28, width: 30), "Resize((28, 30))"), (.resizeShorterSide(256), "Resize(256)"),
            (.centerCrop(height: 224, width: 200), "CenterCrop((224, 200))"), (.grayscale(channels: 3), "Grayscale(3)"),
            (.toTensor, "ToTensor()"), (.normalize(mean: [0.5], std: [0.25]), "Normalize((0.5,), (0.25,))"),
            (
                .normalize(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]),
                "Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))"
            ),
        ] as [(PreprocessingStep, String)])
    func stepsAreWrittenAndReadAsTorchvisionCallsThem(step: PreprocessingStep, text: String) {
        #expect(step.description == text)
        #expect(PreprocessingStep(text) == step)
    }

    @Test(
        arguments: [
            "", "ToTensor", "ToTensor(1)", "Resize()", "Resize((0, 5))", "Resize(2.5)", "Resize((1, 2, 3))",
            "Resize(100000000)", "CenterCrop(5)", "Grayscale(2)", "Normalize((0.5,))", "Normalize((), ())",
            "Normalize((0.5,), (0,))", "Normalize((0.5, 0.5), (1,))", "Blur(3)", "Resize((28, 28)", "Resize(\"a\")",
        ])
    func otherTextsAreNoSteps(text: String) { #expect(PreprocessingStep(text) == nil) }

    @Test(
        arguments: [
            (ImageFormat(channels: 3, height: 28, width: 28), []),
            (ImageFormat(channels: 3, height: 32, width: 32), ["Resize((28, 28))"]),
            (ImageFormat(channels: 1, height: 28, width: 28), ["Grayscale(3)"]),
            (ImageFormat(channels: 1, height: 20, width: 30), ["Resize(28)", "CenterCrop((28, 28))", "Grayscale(3)"]),
            (ImageFormat(channels: 3, height: nil, width: nil), ["Resize(28)", "CenterCrop((28, 28))"]),
        ] as [(ImageFormat, [String])])
    func imagesAreShapedForTheModel(format: ImageFormat, expected: [String]) throws {
        let preprocessing = Preprocessing(input: [3, 28, 28], normalization: .half)
        #expect(preprocessing.shaping(for: format).map(\.description) == expected)
        let steps = preprocessing.steps(for: format)
        #expect(steps.suffix(2).map(\.description) == ["ToTensor()", "Normalize((0.5,), (0.5,))"])
        let result = try Compose(steps.map(\.transform)).output(for: format)
        #expect(result.shape == [3, 28, 28] && result.element == .float)
    }

    @Test func largeSizesLeaveABorder() {
        #expect(
            Preprocessing.middle(height: 224, width: 224).map(\.description) == [
                "Resize(256)", "CenterCrop((224, 224))",
            ])
    }

    @Test func aCheckpointSaysWhatItWants() throws {
        var description = CheckpointDescription(
            model: "lenet", arguments: [:], classNames: [], inputSize: [3, 8, 8],
            transform: [
                "Resize(10)", "CenterCrop((8, 8))", "ToTensor()", "Normalize((0.5, 0.4, 0.3), (1.0, 2.0, 3.0))",
            ])
        let preprocessing = try Preprocessing(description, path: "file")
        #expect(preprocessing.input == [3, 8, 8])
        #expect(preprocessing.normalization == .init(mean: [0.5, 0.4, 0.3], std: [1, 2, 3]))
        for (input, transform) in [
            ([3, 8], ["ToTensor()"]), ([2, 8, 8], ["ToTensor()"]), ([3, 8, 0], ["ToTensor()"]),
            ([3, 8, 8], ["Swirl(3)"]), ([1, 8, 8], description.transform),
        ] {
            (description.inputSize, description.transform) = (input, transform)
            #expect(throws: CheckpointError.self) { try Preprocessing(description, path: "file") }
        }
    }

    @Test(arguments: TransformPreset.allCases, [[1, 28, 28], [3, 32, 40]])
    func presetsKeepTheSize(preset: TransformPreset, input: [Int]) throws {
        let format = ImageFormat(channels: input[0], height: input[1], width: input[2])
        let transform = Compose(preset.augmentation(input: input, mirrors: true))
        #expect(try transform.output(for: format).shape == Shape(input))
        let image = Tensor((0..<input.reduce(1, *)).map { UInt8($0 % 251) }, shape: Shape(input))
        let changed = try transform(image, generator: Generator(seed: 3))
        #expect(changed.shape == Shape(input))
        if preset == .plain { #expect(changed.array(as: UInt8.self) == image.array(as: UInt8.self)) }
    }

    @Test func digitsAreNotMirrored() {
        for preset in TransformPreset.allCases where preset != .tutorial {
            let mirrors = preset.augmentation(input: [1, 28, 28], mirrors: false).contains {
                $0 is RandomHorizontalFlip
            }
            #expect(!mirrors)
        }
    }
}
