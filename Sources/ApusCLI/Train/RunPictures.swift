import ApusData
import ApusEngine
import ApusGraph
import ApusInterop
import ApusNN
import ApusTraining

/// The pictures of a run: curves, confusion matrix, predictions, and the filters of the first layer.
struct RunPictures {
    /// A picture for the log.
    struct Picture {
        let name: String
        let image: Image
    }

    /// The folder that they are written to.
    let folder: OutputFolder
    let classNames: [String]

    /// As many as the second tutorial shows.
    private static let predictionRows = 10

    /// Draws `curves.png` and `curves.svg`.
    func writeCurves(_ records: [EpochRecord]) throws {
        try drawing("curves.png") { try TrainingCurves(of: History(records)).write(toFolder: folder.path) }
    }

    /// Draws `confusion.png`.
    func writeConfusion(_ matrix: ConfusionMatrix) throws {
        try drawing("confusion.png") {
            try ConfusionMatrixChart(counts: matrix.counts, classNames: classNames)
                .write(to: folder.file("confusion.png"))
        }
    }

    /// Writes `predictions.png`: images from all over a data set with what a model takes them for; nil where none can be
    /// read.
    func writePredictions(
        of model: Module, _ preprocessing: Preprocessing, _ dataset: any Dataset
    ) throws -> Picture? {
        let count = min(dataset.count, Self.predictionRows * Self.predictionRows)
        let sample = Subset(dataset, (0..<count).map { $0 * dataset.count / count })
        func batch(_ transform: (any Transform)?) throws -> (images: Tensor, labels: Tensor)? {
            // A picture that cannot be read has ended the run already, or is to be left out.
            let loader = DataLoader(
                sample, batchSize: count, transform: transform, prefetch: 0, onError: .skip)
            let batch = loader.makeIterator().next()
            try loader.check()
            return batch
        }
        guard let shown = try batch(nil),
            let prepared = try batch(TrainingData.evaluationTransform(preprocessing, of: dataset))
        else { return nil }
        let wasTraining = model.isTraining
        model.eval()
        defer { if wasTraining { model.train() } }
        let predicted = try withTensorErrors {
            try noGrad { model(prepared.images.moved(to: model.device)).argmax(dim: 1) }.elements(as: Int.self)
        }
        let labels = try prepared.labels.elements(as: Int.self)
        let entries = try labels.indices.map { index in
            PredictionGrid.Entry(
                try Image(shown.images[index]), predicted: classNames[predicted[index]],
                actual: classNames[labels[index]])
        }
        return try write(
            "predictions", PredictionGrid(entries, columns: min(entries.count, Self.predictionRows)).image())
    }

    /// Writes `filters.png`; nil for a model without convolutions.
    func writeFilters(of model: Module) throws -> Picture? {
        do {
            return try write("filters", FilterGrid(of: model).image())
        } catch InspectionError.noConvolutions {
            return nil
        }
    }

    private func write(_ name: String, _ image: Image) throws -> Picture {
        try PNG.write(image, to: folder.file(name + ".png"))
        return Picture(name: name, image: image)
    }

    /// Draws a chart; without gnuplot the run is whole nevertheless, and says what is missing.
    private func drawing(_ name: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as GnuplotError {
            StandardStreams.error("note: \(name) was not drawn. \(error)")
        }
    }
}

/// Counts what the test images of the last epoch were taken for.
final class ConfusionRecorder: TrainerCallback {
    private let classCount: Int
    /// The matrix of the last epoch; nil before one was measured.
    private(set) var matrix: ConfusionMatrix?

    init(classCount: Int) { self.classCount = classCount }

    func evaluationWillBegin(_ trainer: Trainer) { matrix = ConfusionMatrix(classCount: classCount) }

    func testBatchWasMeasured(_ logits: Tensor, _ labels: Tensor, _ trainer: Trainer) throws {
        try matrix?.add(logits: logits, labels: labels)
    }
}
