// How fast the loader is, alone and under training. `LoaderTimes WHAT DATA [SECONDS]` prints one JSON object.
//
//   fashion, fashion-normalized   FOLDER of Fashion-MNIST, batch 256
//   cifar                         FOLDER of CIFAR-10, batch 100, tutorial 2's transforms
//   folder                        class folders of pictures, batch 32, Resize([224, 224]) and ToTensor
//   overhead-lenet                FOLDER of Fashion-MNIST: training on the loader against one fixed batch
//   overhead-trashnet             FOLDER of CIFAR-10, likewise, with tutorial 2's transforms
import Apus
import Foundation

@main
struct LoaderTimes {
    static let tutorial = Compose([
        RandomHorizontalFlip(), RandomGrayscale(), ToTensor(),
        Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]),
    ])

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else {
            print("usage: LoaderTimes WHAT DATA [SECONDS]")
            exit(64)
        }
        let (what, data) = (arguments[1], arguments[2])
        let seconds = arguments.count > 3 ? Double(arguments[3]) ?? 3 : 3
        switch what {
        case "fashion": try alone(what, FashionMNIST(.train, at: data), 256, nil, seconds)
        case "fashion-normalized":
            let transform = Compose([ToTensor(), Normalize(mean: [0.2860], std: [0.3530])])
            try alone(what, FashionMNIST(.train, at: data), 256, transform, seconds)
        case "cifar": try alone(what, CIFAR10(.train, at: data), 100, tutorial, seconds)
        case "folder":
            let pictures = try ImageFolder(data, transform: Resize([224, 224]))
            try alone(what, pictures, 32, ToTensor(), seconds)
        case "overhead-lenet":
            let net = LeNet()
            try overhead(
                what, net, Adam(net.parameters(), lr: 0.001), FashionMNIST(.train, at: data), 256, nil, steps: 100,
                seconds)
        case "overhead-trashnet":
            let net = TrashNet()
            try overhead(
                what, net, SGD(net.parameters(), lr: 0.1), CIFAR10(.train, at: data), 100, tutorial, steps: 10, seconds)
        default:
            print("\(what) is not known")
            exit(64)
        }
    }

    /// Whole epochs, each batch dropped at once.
    static func alone(
        _ what: String, _ dataset: any Dataset, _ batchSize: Int, _ transform: (any Transform)?, _ seconds: Double
    ) throws {
        let loader = DataLoader(dataset, batchSize: batchSize, shuffle: true, transform: transform)
        var rates: [Double] = []
        let end = Date().addingTimeInterval(seconds)
        while rates.count < 3 || Date() < end {
            let start = Date()
            var images = 0
            for batch in loader { images += batch.images.shape[0] }
            try loader.check()
            rates.append(Double(images) / Date().timeIntervalSince(start))
        }
        rates.sort()
        print(
            "{\"bench\":\"\(what)\",\"images_per_second_median\":\(Int(rates[rates.count / 2])),"
                + "\"images_per_second_max\":\(Int(rates[rates.count - 1])),\"epochs\":\(rates.count)}")
    }

    /// Steps on one fixed batch and steps on the loader's batches in turn.
    static func overhead(
        _ what: String, _ net: Module, _ optimizer: Optimizer, _ dataset: any Dataset, _ batchSize: Int,
        _ transform: (any Transform)?, steps: Int, _ seconds: Double
    ) throws {
        let loader = DataLoader(
            dataset, batchSize: batchSize, shuffle: true, transform: transform, dropLast: true)
        func step(_ batch: DataLoader.Element) {
            let loss = crossEntropy(net(batch.images), batch.labels)
            optimizer.zeroGrad()
            loss.backward()
            optimizer.step()
            _ = loss.item() as Double
        }
        var iterator = loader.makeIterator()
        func next() throws -> DataLoader.Element {
            if let batch = iterator.next() { return batch }
            iterator = loader.makeIterator()
            if let batch = iterator.next() { return batch }
            try loader.check()
            print("the data set has fewer images than a batch, \(batchSize)")
            exit(65)
        }
        let fixed = try next()
        for _ in 0..<5 { step(fixed) }
        var (fixedTimes, loaderTimes): ([Double], [Double]) = ([], [])
        let end = Date().addingTimeInterval(seconds)
        while fixedTimes.count < 5 || Date() < end {
            var start = Date()
            for _ in 0..<steps { step(fixed) }
            fixedTimes.append(Date().timeIntervalSince(start) / Double(steps))
            // The queue was filled meanwhile: two batches that cost nothing are not timed.
            for _ in 0..<loader.prefetch + 1 { step(try next()) }
            start = Date()
            for _ in 0..<steps { step(try next()) }
            loaderTimes.append(Date().timeIntervalSince(start) / Double(steps))
        }
        let (a, b) = (median(fixedTimes), median(loaderTimes))
        print(
            "{\"bench\":\"\(what)\",\"fixed_milliseconds\":\(a * 1e3),\"loader_milliseconds\":\(b * 1e3),"
                + "\"overhead_percent\":\((b / a - 1) * 100),\"rounds\":\(fixedTimes.count)}")
    }

    static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}
