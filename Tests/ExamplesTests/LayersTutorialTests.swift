import ApusData
import ApusTestSupport
import Foundation
import Testing

/// Runs the programs of the tutorial on layers; looks at the numbers, the shapes and the pictures.
@Suite struct LayersTutorialTests {
    private static let photo = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Examples/Photos/astronaut.png").path

    /// A picture that a program wrote, which must have contents: the smallest number of shades that each has is far
    /// exceeded by the pictures, while a blank one has one, and an empty chart about a dozen.
    private func picture(_ path: String, shades: Int) throws -> Image {
        let image = try PNG.read(path: path)
        #expect(Set(image.samples).count >= shades, "\(path) is blank")
        return image
    }

    /// The numbers in the text of a tensor.
    private func numbers(_ text: String) -> [Double] {
        text.matches(of: /-?\d+\.\d*/).compactMap { Double($0.output) }
    }

    @Test func convolvePhoto() throws {
        let folder = try TemporaryFolder()
        let outcome = try BuiltProgram("ConvolvePhoto").run([Self.photo, "--out", folder.path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        // The last number is that of the photo: PyTorch's max_pool2d less its avg_pool2d is 0.02586 on average.
        #expect(
            outcome.lines == [
                "before the convolution: torch.Size([1, 3, 512, 512])",
                "after the convolution: torch.Size([1, 1, 510, 510])",
                "after a convolution by eight kernels: torch.Size([1, 8, 510, 510])",
                "before the transposed convolution: torch.Size([1, 3, 512, 512])",
                "after the transposed convolution: torch.Size([1, 1, 1025, 1025])",
                "before the poolings: torch.Size([1, 3, 512, 512])",
                "after max pooling: torch.Size([1, 3, 256, 256])",
                "after average pooling: torch.Size([1, 3, 256, 256])",
                "the maximum is brighter by 0.0259 on average",
                "pictures in \(folder.path)",
            ])
        // Beside each other: the photo and three feature maps, two rows of four feature maps, the photo and two poolings.
        let convolution = try picture(folder.file("convolution.png"), shades: 200)
        #expect(convolution.width >= 2 * 510 && convolution.height >= 2 * 510)
        let maps = try picture(folder.file("feature-maps.png"), shades: 200)
        #expect(maps.width >= 4 * 510 && maps.height >= 2 * 510)
        let pooling = try picture(folder.file("pooling.png"), shades: 200)
        #expect(pooling.width >= 3 * 512 && pooling.height >= 512)
        let enlarged = try picture(folder.file("transposed-convolution.png"), shades: 100)
        #expect(enlarged.width == 1025 && enlarged.height == 1025 && enlarged.channels == 1)
    }

    @Test func missingPhoto() throws {
        let outcome = try BuiltProgram("ConvolvePhoto").run(["nowhere.png"])
        #expect(outcome.status == 66)
        #expect(outcome.errors.contains("nowhere.png"))
    }

    @Test func poolAndUnpool() throws {
        let outcome = try BuiltProgram("PoolAndUnpool").run([])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output.hasPrefix(
                """
                Conv2d(16, 33, kernel_size=(3, 3), stride=(2, 2))
                torch.Size([20, 16, 50, 100]) → torch.Size([20, 33, 24, 49])
                Conv2d(16, 33, kernel_size=(3, 5), stride=(2, 1), padding=(4, 2))
                torch.Size([20, 16, 50, 100]) → torch.Size([20, 33, 28, 100])
                raw_img:
                tensor([[[[1., 1., 1., 1.],
                          [1., 1., 1., 1.],
                          [1., 1., 1., 1.],
                          [1., 1., 1., 1.]]]])
                pooling_img:
                tensor([[[[1.3333, 1.3333],
                          [1.3333, 1.3333]]]])

                """))
        // Label and numbers of each tensor that follows.
        let parts = outcome.output.matches(of: /(\w+):\n(tensor\([^)]*\))/).dropFirst(2)
            .map { (label: String($0.output.1), numbers: numbers(String($0.output.2))) }
        #expect(
            parts.map(\.label) == [
                "raw_img", "img_pool", "img_pool", "img_unpool", "raw_img", "img_pool", "img_reconstruct", "img_unpool",
            ])
        let raw = parts[0].numbers
        try #require(raw.count == 16 && raw.allSatisfy { (0..<5).contains($0) })
        // The windows of 2×2, and where each has its largest number: of equal ones the first.
        let windows = [0, 2, 8, 10].map { [$0, $0 + 1, $0 + 4, $0 + 5] }
        let largest = windows.map { window in window.reduce(window[0]) { raw[$1] > raw[$0] ? $1 : $0 } }
        let pooled = largest.map { raw[$0] }
        #expect(parts[1].numbers == pooled)
        #expect(parts[2].numbers == pooled)
        #expect(parts[4].numbers == raw)
        #expect(parts[5].numbers == pooled)
        let random = parts[6].numbers
        try #require(random.count == 4)
        #expect(Set(random).count == 4)
        for (values, plane) in [(pooled, parts[3].numbers), (random, parts[7].numbers)] {
            var expected = [Double](repeating: 0, count: 16)
            for (place, value) in zip(largest, values) { expected[place] = value }
            #expect(plane == expected)
        }
    }

    @Test func linearLayer() throws {
        let outcome = try BuiltProgram("LinearLayer").run([])
        #expect(outcome.status == 0, "\(outcome.errors)")
        // As PyTorch 2.15 prints it.
        #expect(
            outcome.output == """
                tensor([[1., 2., 3.]]) torch.Size([1, 3])
                tensor([[1., 1., 1.],
                        [2., 2., 2.],
                        [3., 3., 3.],
                        [4., 4., 4.]]) torch.Size([4, 3])
                tensor([[ 6.5000, 12.5000, 18.5000, 24.5000]], grad_fn=<AddmmBackward0>) torch.Size([1, 4])

                """)
    }

    @Test func activationCharts() throws {
        let folder = try TemporaryFolder()
        let outcome = try BuiltProgram("ActivationCharts").run(["--out", folder.path])
        try #require(outcome.status == 0, "\(outcome.errors)")
        // From −5.9875 to 5.9875 in steps of 0.025: σ, tanh and max(x, 0), and what autograd says of their slopes.
        func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        func slopeOfSigmoid(_ x: Double) -> Double { sigmoid(x) * (1 - sigmoid(x)) }
        func slopeOfTanh(_ x: Double) -> Double { 1 - tanh(x) * tanh(x) }
        let (far, near) = (5.9875, 0.0125)
        let expected: [(String, [Double])] = [
            ("Sigmoid", [sigmoid(-far), sigmoid(far), slopeOfSigmoid(far), slopeOfSigmoid(near)]),
            ("Tanh", [tanh(-far), tanh(far), slopeOfTanh(far), slopeOfTanh(near)]),
            ("ReLU", [0, far, 0, 1]),
            ("LeakyReLU", [-0.1 * far, far, 0.1, 1]),
        ]
        for (line, (name, values)) in zip(outcome.lines, expected) {
            #expect(line.hasPrefix(name + ": output "))
            let printed = numbers(line)
            // Four digits behind the point.
            try #require(printed.count == 4)
            #expect(zip(printed, values).allSatisfy { abs($0 - $1) <= 0.5001e-4 }, "\(line), not \(values)")
        }
        #expect(outcome.lines.count == 16)
        #expect(outcome.lines.contains("LeakyReLU(0.01): output -0.0599 … 5.9875"))
        #expect(outcome.lines.contains("PReLU(0.25): output -1.4969 … 5.9875"))
        // A random slope of ⅛ … ⅓ for each x below 0.
        let random = try #require(outcome.lines.first { $0.hasPrefix("RReLU: ") })
        #expect((-far / 3...(-far / 8)).contains(numbers(random)[0]))

        // Twelve charts in four columns; each has lines in two colours, smoothed at their edges.
        let charts = try picture(folder.file("activations.png"), shades: 100)
        #expect(charts.width == 1600 && charts.height == 900)
        try expectColours(charts, columns: 4, rows: 3, count: 2)
        let family = try picture(folder.file("relu-family.png"), shades: 100)
        try expectColours(family, columns: 1, rows: 1, count: 3)
    }

    /// Expects that each cell of a picture of charts holds at least `count` strong colours, the lines', on many pixels.
    private func expectColours(_ image: Image, columns: Int, rows: Int, count: Int) throws {
        try #require(image.channels == 3)
        let (width, height) = (image.width / columns, image.height / rows)
        for cell in 0..<columns * rows {
            var pixels: [[UInt8]: Int] = [:]
            for y in cell / columns * height..<(cell / columns + 1) * height {
                for x in cell % columns * width..<(cell % columns + 1) * width {
                    let start = (y * image.width + x) * 3
                    let colour = Array(image.samples[start..<start + 3])
                    // Gray is text, frame and grid.
                    if let least = colour.min(), let most = colour.max(), most - least > 100 {
                        pixels[colour, default: 0] += 1
                    }
                }
            }
            #expect(pixels.values.count { $0 > 100 } >= count, "chart \(cell)")
        }
    }
}
