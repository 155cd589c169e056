// Tutorial 2, LeNet, first part: a batch of MNIST as a grid of pictures with its labels. `ShowMNIST [PICTURE]`.
import Apus

/// The grid goes to a file; the labels are printed.
func showImages(_ images: Tensor, _ rows: Int, _ columns: Int, _ labels: Tensor, to path: String) throws {
    try saveImage(images, to: path, nrow: columns)
    print("labels: \n", labels.reshape([rows, columns]))
}

/// How many predictions are right: classes, or the largest number of each row.
func accuracy(_ prediction: Tensor, _ labels: Tensor) -> Double {
    let classes = prediction.rank > 1 && prediction.shape[1] > 1 ? prediction.argmax(dim: 1) : prediction
    return (classes .== labels).sum().item()
}

@main
struct ShowMNIST {
    static func main() throws {
        let path = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "grid.png"
        let trainBatches = DataLoader(try MNIST(.train), batchSize: 100, shuffle: true)
        for (images, labels) in trainBatches {
            try showImages(images, 10, 10, labels, to: path)
            print("accuracy: \t", accuracy(labels, labels) / Double(labels.count))
            break
        }
        try trainBatches.check()
    }
}
