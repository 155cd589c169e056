import ApusEngine
import ApusGraph
import Foundation
import Synchronization

/// Writes the log of a run for TensorBoard (`torch.utils.tensorboard.SummaryWriter`).
///
///     let writer = try SummaryWriter(folder: "runs/lenet")
///     try writer.addScalar("loss/train", loss, step: epoch)
///     try writer.close()
///
/// `tensorboard --logdir runs` shows it. A writer makes a new file in its folder; TensorBoard reads all files of a
/// folder as one run, so a run is continued by a writer of the same folder whose steps go on. Tags with a common part
/// before a `/` stand together.
///
/// Each event is handed to the system before the call returns. A call that throws has written nothing: the file ends
/// with the event before.
public final class SummaryWriter: Sendable {
    /// The folder of the run.
    public let folder: String
    /// The file for events, and those that ``addScalars(_:_:step:)`` makes, by their folders; nil once closed.
    private let files: Mutex<[String: EventFile]?>

    /// A writer to a new file in `folder`, which is made where it is missing.
    ///
    /// - Parameters:
    ///   - folder: where the run's files lie.
    ///   - purgeStep: for a run that is continued after a crash: events of earlier files from this step on are hidden,
    ///     since they are written again; nil, the default, hides nothing.
    /// - Throws: ``SummaryWriterError`` where the folder cannot be made or written to.
    public init(folder: String, purgeStep: Int? = nil) throws {
        self.folder = folder
        var file = try EventFile(folder: folder)
        if let purgeStep {
            try file.append(
                .with {
                    $0.step = Int64(purgeStep)
                    $0.sessionLog.status = .start
                })
        }
        files = Mutex([folder: file])
    }

    deinit { files.withLock { for file in ($0 ?? [:]).values { try? file.close() } } }

    /// Adds a number to the curve `tag` (`add_scalar`); stored as `Float`, as PyTorch does.
    ///
    /// - Throws: ``SummaryWriterError``.
    public func addScalar(_ tag: String, _ value: Double, step: Int) throws {
        try add(scalar(tag, value), step: step)
    }

    /// Adds numbers to curves that are shown in one chart, `tag`, under their names (`add_scalars`).
    ///
    /// As in PyTorch each curve is a run of its own, in the folder `TAG_NAME` of this one, where slashes of the tag are
    /// underscores.
    ///
    /// - Throws: ``SummaryWriterError``, also for a name with a slash.
    public func addScalars(_ tag: String, _ values: [String: Double], step: Int) throws {
        let start = tag.replacing("/", with: "_")
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard !name.contains("/") else {
                throw SummaryWriterError(
                    path: folder, problem: "the name \"\(name)\" of a curve has a slash. Use another character")
            }
            try add(scalar(tag, value), step: step, to: "\(folder)/\(start)_\(name)")
        }
    }

    /// Adds the distribution of a tensor's numbers (`add_histogram` with `bins="tensorflow"`).
    ///
    /// The limits of the buckets grow by a tenth from ±10⁻¹² to ±10²⁰. Numbers that are not finite are left out.
    ///
    /// - Throws: ``SummaryWriterError``, also where no number is finite and within the limits; what evaluating the
    ///   tensor throws.
    public func addHistogram(_ tag: String, _ tensor: Tensor, step: Int) throws {
        let numbers = try tensor.detach().elements(as: Double.self)
        guard let histogram = Histogram(of: numbers) else {
            throw SummaryWriterError(
                path: folder,
                problem: "the tensor \(tensor.shape.brackets) of the histogram \"\(tag)\" has no finite numbers below "
                    + "10²⁰. Look for a NaN in what it was computed of")
        }
        let value = Tensorflow_Summary.Value.with {
            $0.tag = tag
            $0.histo.min = histogram.min
            $0.histo.max = histogram.max
            $0.histo.num = Double(histogram.count)
            $0.histo.sum = histogram.sum
            $0.histo.sumSquares = histogram.sumOfSquares
            $0.histo.bucketLimit = histogram.limits
            $0.histo.bucket = histogram.buckets
        }
        try add(value, step: step)
    }

    /// Adds a text, which TensorBoard shows as Markdown (`add_text`).
    ///
    /// As in PyTorch its tag becomes `TAG/text_summary`.
    ///
    /// - Throws: ``SummaryWriterError``.
    public func addText(_ tag: String, _ text: String, step: Int) throws {
        let value = Tensorflow_Summary.Value.with {
            $0.tag = tag + "/text_summary"
            $0.metadata.pluginData.pluginName = "text"
            $0.tensor.dtype = .dtString
            $0.tensor.tensorShape.dim = [.with { $0.size = 1 }]
            $0.tensor.stringVal = [Data(text.utf8)]
        }
        try add(value, step: step)
    }

    /// Waits until all events are on the disk.
    ///
    /// - Throws: ``SummaryWriterError``.
    public func flush() throws {
        try files.withLock { files throws(SummaryWriterError) in
            for file in (files ?? [:]).values { try file.synchronize() }
        }
    }

    /// Stores all events and closes the files; adding to a closed writer is an error. Closing twice is none.
    ///
    /// - Throws: ``SummaryWriterError``.
    public func close() throws {
        try flush()
        let open = files.withLock { files in
            defer { files = nil }
            return files ?? [:]
        }
        for file in open.values { try file.close() }
    }

    // MARK: - Inside

    private func scalar(_ tag: String, _ value: Double) -> Tensorflow_Summary.Value {
        .with {
            $0.tag = tag
            $0.simpleValue = Float(value)
        }
    }

    /// Appends a summary of one value to the file of the run, or of the run in `subfolder`.
    func add(_ value: Tensorflow_Summary.Value, step: Int, to subfolder: String? = nil) throws {
        let event = Tensorflow_Event.with {
            $0.step = Int64(step)
            $0.summary.value = [value]
        }
        try add(event, to: subfolder)
    }

    /// Appends an event.
    func add(_ event: Tensorflow_Event, to subfolder: String? = nil) throws {
        let place = subfolder ?? folder
        try files.withLock { files throws(SummaryWriterError) in
            guard files != nil else {
                throw SummaryWriterError(path: folder, problem: "the writer is closed. Make a new one to go on")
            }
            if files?[place] == nil { files?[place] = try EventFile(folder: place) }
            try files?[place]?.append(event)
        }
    }
}
