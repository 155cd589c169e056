import ApusGraph
import ApusNN
import Foundation
import SwiftProtobuf

extension SummaryWriter {
    /// Adds the operations of a model's forward pass, grouped by its modules (`add_graph`).
    ///
    /// The model is called once, in evaluation mode, and nothing is computed.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - input: the shape of one image, [C, H, W].
    /// - Throws: ``SummaryWriterError``, and `TensorError` where the model does not take such an image, or is
    ///   lazy and has not seen one yet.
    public func addGraph(_ model: Module, input: Shape) throws {
        let graph = try ModelGraph.definition(of: model, input: input)
        let data: Data
        do {
            data = try graph.serializedData()
        } catch {
            throw SummaryWriterError(path: folder, problem: "the graph cannot be encoded: \(error)")
        }
        try add(.with { $0.graphDef = data })
    }
}
