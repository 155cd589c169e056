// Tutorial 2, CIFAR-10: four pictures with the names of their classes, and the shapes of a batch. `ShowCIFAR10 [PICTURE]`.
import Apus

/// The grid goes to a file; the names are printed.
func showImages(_ images: Tensor, _ rows: Int, _ columns: Int, _ names: [String], to path: String) throws {
    try saveImage(images, to: path, nrow: columns)
    let lines = (0..<rows).map { row in
        "[" + names[(row * columns)..<((row + 1) * columns)].map { "'\($0)'" }.joined(separator: " ") + "]"
    }
    print("labels: \n [" + lines.joined(separator: "\n  ") + "]")
}

/// How many predictions are right: classes, or the largest number of each row.
func accuracy(_ prediction: Tensor, _ labels: Tensor) -> Double {
    let classes = prediction.rank > 1 && prediction.shape[1] > 1 ? prediction.argmax(dim: 1) : prediction
    return (classes .== labels).sum().item()
}

/// Some augmentation against overfitting.
let transform = Compose([
    RandomHorizontalFlip(), RandomGrayscale(), ToTensor(),
    Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]),
])

@main
struct ShowCIFAR10 {
    static func main() throws {
        let path = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "grid.png"
        let trainSet = try CIFAR10(.train).transformed(transform)
        let testSet = try CIFAR10(.test).transformed(ToTensor())
        let trainBatches = DataLoader(trainSet, batchSize: 100, shuffle: true)
        let testBatches = DataLoader(testSet, batchSize: 100, shuffle: true)

        for (images, labels) in testBatches {
            let names = labels.array(as: Int.self).map { testSet.classNames[$0] }
            try showImages(images[0..<4], 2, 2, Array(names.prefix(4)), to: path)
            print("\nshape of images: \(images.shape), shape of labels: \(labels.shape)")
            let first = labels[0..<4]
            print("\naccuracy: \(accuracy(first, first) / Double(first.count))")
            break
        }
        try testBatches.check()
        for (images, _) in trainBatches {
            // Normalized pixels lie in -1 ... 1.
            print("\naugmented batch: \(images.shape) from \(images.amin().item()) to \(images.amax().item())")
            break
        }
        try trainBatches.check()
    }
}
