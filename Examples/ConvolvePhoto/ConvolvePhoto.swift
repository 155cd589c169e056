// Tutorial 3, 1 to 3: what a convolution, a transposed convolution and two poolings make of a photo.
//
//     ConvolvePhoto Examples/Photos/astronaut.png --out pictures
import Apus
import Foundation

@main
struct ConvolvePhoto {
    static func main() throws {
        guard let (path, out) = arguments(CommandLine.arguments) else {
            FileHandle.standardError.write(Data("usage: ConvolvePhoto PHOTO.png [--out FOLDER]\n".utf8))
            exit(64)
        }
        let photo: Image
        do {
            photo = try PNG.read(path: path).rgb()
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        } catch {
            FileHandle.standardError.write(Data("ConvolvePhoto: \(error)\n".utf8))
            exit(66)
        }
        manualSeed(3)
        // [C, H, W] of 0 … 1, then a batch of one.
        let image = photo.tensor().unsqueeze(dim: 0)

        // 1. A convolution: one kernel, one feature map. Other weights find another pattern.
        let features = ["a", "b", "c"].map { name in
            let convolution = Conv2d(3, 1, kernelSize: 3)
            Initializer.xavierNormal(convolution.weight)
            return (name, convolution(image))
        }
        print("before the convolution:", image.shape)
        print("after the convolution:", features[0].1.shape)
        var pictures = [ImageGrid.Entry(photo, caption: "photo \(text(image))")]
        for (name, feature) in features {
            let map = try Image.featureMaps(feature[0])[0]
            pictures.append(.init(map, caption: "kernel \(name) \(text(feature))"))
        }
        try PNG.write(ImageGrid(pictures, columns: 2).image(), to: out + "/convolution.png")

        // Several kernels at once: as many feature maps, side by side.
        let bank = Conv2d(3, 8, kernelSize: 3)
        Initializer.xavierNormal(bank.weight)
        let maps = bank(image)
        print("after a convolution by eight kernels:", maps.shape)
        try PNG.write(
            ImageGrid(
                try Image.featureMaps(maps[0]).enumerated().map { .init($1, caption: "feature map \($0)") }, columns: 4
            ).image(), to: out + "/feature-maps.png")

        // 2. A transposed convolution enlarges: (512 − 1) · 2 + 3 = 1025.
        let transposed = ConvTranspose2d(3, 1, kernelSize: 3, stride: 2)
        Initializer.xavierNormal(transposed.weight)
        let enlarged = transposed(image)
        print("before the transposed convolution:", image.shape)
        print("after the transposed convolution:", enlarged.shape)
        try PNG.write(try Image.featureMaps(enlarged[0])[0], to: out + "/transposed-convolution.png")

        // 3. Poolings halve; the mean is never brighter than the maximum.
        let maximum = MaxPool2d([2, 2], stride: [2, 2])(image)
        let mean = AvgPool2d([2, 2], stride: [2, 2])(image)
        print("before the poolings:", image.shape)
        print("after max pooling:", maximum.shape)
        print("after average pooling:", mean.shape)
        print("the maximum is brighter by \(String(format: "%.4f", (maximum - mean).mean().item())) on average")
        // Drawn as large as the photo, so that what is lost can be seen.
        try PNG.write(
            ImageGrid(
                [
                    .init(photo, caption: "photo \(text(image))"),
                    .init(try Image(interpolate(maximum, scaleFactor: 2)[0]), caption: "max pooling \(text(maximum))"),
                    .init(try Image(interpolate(mean, scaleFactor: 2)[0]), caption: "average pooling \(text(mean))"),
                ], columns: 3
            ).image(), to: out + "/pooling.png")
        print("pictures in \(out)")
    }

    /// The photo and the folder for the pictures; nil where they are not given rightly.
    static func arguments(_ all: [String]) -> (photo: String, out: String)? {
        switch all.count {
        case 2: (all[1], "pictures")
        case 4 where all[2] == "--out": (all[1], all[3])
        default: nil
        }
    }

    static func text(_ tensor: Tensor) -> String { tensor.shape.description }
}
