import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import Foundation
import Testing

@Suite struct FastNetTests {
    private func model(_ name: String) throws -> FastNet {
        manualSeed(3)
        return try #require(ModelRegistry.entry(named: name).makeModel() as? FastNet)
    }

    @Test(arguments: [("fastnet-cifar", 3, 32), ("fastnet-fashion", 1, 28), ("fastnet-mnist", 1, 28)])
    func modelsTakeTheirImages(name: String, channels: Int, side: Int) throws {
        let net = try model(name)
        #expect(net.eval()(.rand(2, channels, side, side)).shape == [2, 10])
    }

    @Test func countsFollowFromTheWidths() throws {
        let learned = try ["fastnet-cifar", "fastnet-fashion", "fastnet-mnist"].map { name in
            try model(name).parameters().filter(\.requiresGrad).reduce(0) { $0 + $1.count }
        }
        let widths = [24, 64, 64, 192, 192, 256, 256]
        let convolutions = zip(widths, widths.dropFirst()).reduce(0) { $0 + 9 * $1.0 * $1.1 }
        #expect(learned[0] == 24 + convolutions + widths.dropFirst().reduce(0, +) + 256 * 10)
        #expect(
            learned[2] == 16 * 9 + 2 * 16 + 9 * (16 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 2 * 64 * 64)
                + 2 * (32 + 32 + 4 * 64) + 640)
    }

    /// Whitened windows are uncorrelated and of variance λ / (λ + ε), just below 1 where λ is far above ε.
    @Test func whitenedPixelsAreUncorrelated() throws {
        let net = try model("fastnet-cifar")
        manualSeed(5)
        // Neighbouring pixels alike, as photographs have them.
        let noise = Tensor.randn(40, 3, 17, 17)
        let images =
            noise[0..., 0..., 0..<16, 0..<16] + noise[0..., 0..., 1..<17, 0..<16] * 0.8
            + noise[0..., 0..., 0..<16, 1..<17] * 0.6
        try net.initialize(from: images)
        let stem = try #require(net.stem.children.first?.module as? WhiteningConv2d)
        #expect(!stem.weight.requiresGrad)
        let outputs = noGrad { stem(images) }.permute(1, 0, 2, 3).reshape([24, -1])
        let moments = (outputs.matmul(outputs.permute(1, 0)) / Double(outputs.shape[1])).array()
        for row in 0..<12 {
            for column in 0..<12 {
                let expected: Float = row == column ? 1 : 0
                // ε over the least eigenvalue of these images, which is above 0.05, and sums in float32.
                #expect(abs(moments[row * 24 + column] - expected) < 0.02, "\(row) \(column)")
            }
            // The other half are the negatives.
            #expect(abs(moments[row * 24 + row + 12] + 1) < 0.02)
        }
    }

    @Test func theFirstFiltersPassTheirChannelOn() throws {
        let net = try model("fastnet-cifar")
        let block = try #require(net.blocks.children.first?.module as? PoolBlock)
        let image = Tensor.rand(1, 24, 5, 5)
        let passed = noGrad { block.conv(image) }[0..., 0..<24]
        #expect(zip(passed.array(), image.array()).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    /// A factor of 8 before the bias moves it 64 times as far in a step of gradient descent.
    @Test func theBiasLearnsFaster() {
        let norm = BiasNorm2d(2)
        let y = norm(.rand(3, 2, 4, 4))
        (y * 0.5).sum().backward()
        // ∂(8b)/∂b · Σ 0.5 over 3 · 4 · 4 elements.
        #expect(norm.bias.grad?.array() == [192, 192])
        norm.bias.data = Tensor([1, -1] as [Float])
        let mean = noGrad { norm(.rand(3, 2, 4, 4)) }.mean(dim: [0, 2, 3]).array()
        #expect(abs(mean[0] - 8) < 1e-4 && abs(mean[1] + 8) < 1e-4)
    }
}
