import ApusGraph
import ApusPlan
import CKernels
import Foundation

/// When a convolution of 3×3 and stride 1 runs by Winograd's filtering (`winograd.h`) and not by oneDNN's direct kernels.
enum WinogradPolicy {
    /// Channels side by side: oneDNN's own blocks for the instruction set, so that a chain of both kinds of convolution
    /// keeps its layout.
    static let channelBlock = apus_kernels_isa() == ApusISAAVX512 ? 16 : 8

    /// Not with `APUS_WINOGRAD=0`.
    private static let isEnabled = ProcessInfo.processInfo.environment["APUS_WINOGRAD"] != "0"

    /// The sizes for the kernels where they are the faster ones, else nil; never below 16 channels, where the transforms
    /// outweigh the products.
    ///
    /// - Parameters:
    ///   - x: the input; dx for its gradient.
    ///   - y: the result; dy for gradients.
    static func convolution(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape) -> ApusWinograd? {
        guard let sizes = supported(geometry, x: x, weight: weight, y: y) else { return nil }
        let name = "conv 3x3 \(x.brackets) to \(y.brackets), padding \(geometry.paddingBefore)"
        // What oneDNN has no kernel for cannot be measured beside it: the estimate stands.
        let measured = try? KernelChoices.kernel(for: name) {
            try measure(sizes, geometry, x: x, weight: weight, y: y)
        }
        let isChosen = measured.map { $0 == winograd } ?? isFaster(sizes)
        return isChosen ? sizes : nil
    }

    /// The sizes where the kernels compute this at all, and are not turned off.
    static func supported(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape) -> ApusWinograd? {
        guard isEnabled, geometry.spatialRank == 2, geometry.groups == 1, geometry.stride == [1, 1],
            geometry.dilation == [1, 1], weight[2] == 3, weight[3] == 3, y.elementCount > 0,
            x[1] >= 16, y[1] >= 16, x[1] % channelBlock == 0, y[1] % channelBlock == 0,
            geometry.paddingBefore.allSatisfy({ 0...2 ~= $0 })
        else { return nil }
        return sizes(geometry, x: x, y: y)
    }

    /// The sizes of a convolution for the kernels.
    static func sizes(_ geometry: ConvolutionGeometry, x: Shape, y: Shape) -> ApusWinograd {
        ApusWinograd(
            images: Int64(x[0]), inputChannels: Int64(x[1]), outputChannels: Int64(y[1]), allOutputs: Int64(y[1]),
            firstOutput: 0, inputHeight: Int64(x[2]), inputWidth: Int64(x[3]), outputHeight: Int64(y[2]),
            outputWidth: Int64(y[3]), paddingTop: Int64(geometry.paddingBefore[0]),
            paddingLeft: Int64(geometry.paddingBefore[1]), channelBlock: Int64(channelBlock))
    }

    /// Whether the estimated time is at most nine tenths of the direct kernels'.
    ///
    /// In multiplications, which both kinds do at nearly the same rate: a tile's 16 outputs are 144 products for each pair
    /// of channels, or 36 behind transforms. The transforms' shares are measured (AVX2, 64 to 512 channels): 100 ns for a
    /// tile's input and output of 8 channels at 44 products a nanosecond, 35 ns for 8 filters. With AVX-512 those of few
    /// tiles were measured when filters took three times as long.
    private static func isFaster(_ w: ApusWinograd) -> Bool {
        let tiles = Double(withUnsafePointer(to: w) { apus_winograd_tiles($0) })
        let (inputs, outputs) = (Double(w.inputChannels), Double(w.outputChannels))
        let direct = Double(w.images * w.outputHeight * w.outputWidth) * 9 * inputs * outputs
        let filter: Double = apus_kernels_isa() == ApusISAAVX512 ? 600 : 200
        let winograd = tiles * (36 * inputs * outputs + 300 * (inputs + outputs)) + filter * inputs * outputs
        return winograd < 0.9 * direct
    }
}

extension ApusWinograd {
    /// The convolution of the output's gradient whose result is the input's: filters turned, padding 2 - p.
    var inputGradient: ApusWinograd {
        ApusWinograd(
            images: images, inputChannels: outputChannels, outputChannels: inputChannels, allOutputs: inputChannels,
            firstOutput: 0, inputHeight: outputHeight, inputWidth: outputWidth, outputHeight: inputHeight,
            outputWidth: inputWidth, paddingTop: 2 - paddingTop,
            paddingLeft: 2 - paddingLeft, channelBlock: channelBlock)
    }

    /// A panel of filters: as many output channels as the kernels' blocks of sums have, or what is left.
    var panelChannels: Int64 { 2 * channelBlock }

    var panelCount: Int { Int((outputChannels + panelChannels - 1) / panelChannels) }

    /// The part of one panel.
    func panel(_ index: Int) -> ApusWinograd {
        var part = self
        part.firstOutput = Int64(index) * panelChannels
        part.outputChannels = min(panelChannels, outputChannels - part.firstOutput)
        return part
    }

    /// Whether the transformed filters, or the sums of their gradients, are too many for the caches: nine megabytes and
    /// more. Then each thread makes those of a panel at a time and has them at hand.
    var hasLargeFilters: Bool { inputChannels * outputChannels >= 256 * 256 }

    /// Whether the transformed filters are larger than all tiles' inputs: those are then what stays in the caches.
    var hasFewTiles: Bool { withUnsafePointer(to: self) { apus_winograd_tiles($0) } < outputChannels }

    /// The most tiles whose transformed inputs are 16 MB: a part of the last cache.
    var tilesAtOnce: Int { max(1, (16 << 20) / (36 * 4 * Int(apus_winograd_row(inputChannels)))) }

    /// The layout of a tensor with these blocks.
    func layout(_ shape: Shape) throws -> PhysicalLayout { try .channelBlocks(of: Int(channelBlock), shape) }
}
