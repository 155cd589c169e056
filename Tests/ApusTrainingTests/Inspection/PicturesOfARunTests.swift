import ApusData
import ApusGraph
import ApusModels
import ApusTestSupport
import Testing

@testable import ApusTraining

/// The code of the article on pictures.
@Suite struct PicturesOfARunTests {
    @Test func article() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path
        let points = [
            TrainingCurves.Point(epoch: 1, trainLoss: 2, trainAccuracy: 0.3, testLoss: 2.1, testAccuracy: 0.2)
        ]
        try TrainingCurves(points).write(toFolder: folder)  // curves.png and curves.svg
        let confusion = ConfusionMatrixChart(counts: [[9, 1], [2, 8]], classNames: ["cat", "dog"])
        try confusion.write(to: folder + "/confusion.png")

        let model = LeNet()
        let picture = Image(width: 28, height: 28, channels: 1, samples: (0..<784).map { UInt8($0 % 251) })
        let image = picture.tensor()
        let predictions = PredictionGrid([.init(picture, predicted: "dog", actual: "cat")])
        try PNG.write(predictions.image(), to: folder + "/predictions.png")
        try PNG.write(FilterGrid(of: model).image(), to: folder + "/filters.png")
        for layer in try FeatureMaps(of: model, image: image).layers {
            try PNG.write(layer.image(), to: folder + "/\(layer.path).png")
        }
        let cam = try GradCAM(of: model, image: image)
        try PNG.write(cam.overlay(on: picture), to: folder + "/grad-cam.png")

        #expect(
            try temporary.files() == [
                "confusion.png", "conv.0.png", "conv.1.png", "conv.2.png", "conv.3.png", "conv.4.png", "conv.5.png",
                "curves.png", "curves.svg", "filters.png", "grad-cam.png", "predictions.png",
            ])
        #expect(cam.layer == "conv.3")
    }
}
