import ApusGraph
import ApusNN

/// GoogLeNet, Inception version 1 (Szegedy et al. 2014) with batch norm (Ioffe & Szegedy 2015), as torchvision's
/// `googlenet`.
///
/// [N, C, 224, 224] → 112×112 → 56×56 → 28×28 → 14×14 → 7×7 → logits [N, classes]. Images of 15×15 and more are taken.
/// Weights are drawn normal with deviation 0.01.
///
/// In training mode two auxiliary heads give logits from the middle: ``logitsWithAuxiliaries(_:)``. A call of the model
/// gives the logits of the end alone, in training mode too.
///
/// State: `conv1` … `conv3`, `inception3a` … `inception5b`, `aux1` and `aux2` where there are heads, and `fc`. For three
/// channels and 1,000 classes 6,624,904 numbers are learned without the heads, 13,004,888 with them.
public final class GoogLeNet: Module, AuxiliaryClassifier {
    /// 7×7, to half the size.
    public let conv1: BasicConv2d
    /// To half the size.
    public let maxpool1: MaxPool2d
    /// 1×1.
    public let conv2: BasicConv2d
    /// 3×3.
    public let conv3: BasicConv2d
    /// To half the size.
    public let maxpool2: MaxPool2d
    /// The first block of 28×28.
    public let inception3a: Inception
    /// The second block of 28×28.
    public let inception3b: Inception
    /// To half the size.
    public let maxpool3: MaxPool2d
    /// The first block of 14×14, behind which ``aux1`` stands.
    public let inception4a: Inception
    /// The second block of 14×14.
    public let inception4b: Inception
    /// The third block of 14×14.
    public let inception4c: Inception
    /// The fourth block of 14×14, behind which ``aux2`` stands.
    public let inception4d: Inception
    /// The fifth block of 14×14.
    public let inception4e: Inception
    /// To half the size.
    public let maxpool4: MaxPool2d
    /// The first block of 7×7.
    public let inception5a: Inception
    /// The second block of 7×7.
    public let inception5b: Inception
    /// The first auxiliary head; nil where there are none.
    public let aux1: AuxiliaryHead?
    /// The second auxiliary head; nil where there are none.
    public let aux2: AuxiliaryHead?
    /// The mean over the image.
    public let avgpool: AdaptiveAvgPool2d
    /// Before the last layer.
    public let dropout: Dropout
    /// The classifier.
    public let fc: Linear

    /// The factor of each auxiliary loss, 0.3 (section 5 of the paper).
    public let auxiliaryWeight = 0.3

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; `1000` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - divide: by what the width of each layer is divided, rounded down and at least 1; `1` by default.
    ///   - auxLogits: whether there are auxiliary heads; `true` by default.
    ///   - dropout: the probability of dropout before the last layer; `0.2` by default.
    ///   - dropoutAux: that before the last layer of a head; `0.7` by default.
    public init(
        numClasses: Int = 1000, inChannels: Int = 3, divide: Int = 1, auxLogits: Bool = true, dropout: Double = 0.2,
        dropoutAux: Double = 0.7
    ) {
        if divide < 1 { TensorError.raise(TensorError("GoogLeNet", "divide is \(divide). It must be at least 1.")) }
        func width(_ full: Int) -> Int { max(1, full / max(divide, 1)) }
        var channels = width(192)
        // Table 1 of the paper: #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj.
        func block(_ ch1x1: Int, _ reduce3: Int, _ ch3x3: Int, _ reduce5: Int, _ ch5x5: Int, _ pool: Int) -> Inception {
            let block = Inception(
                channels, ch1x1: width(ch1x1), ch3x3: (width(reduce3), width(ch3x3)),
                ch5x5: (width(reduce5), width(ch5x5)), poolProj: width(pool))
            channels = width(ch1x1) + width(ch3x3) + width(ch5x5) + width(pool)
            return block
        }
        func head() -> AuxiliaryHead? {
            guard auxLogits else { return nil }
            return AuxiliaryHead(
                channels, numClasses: numClasses, width: width(128), hidden: width(1024), dropout: dropoutAux)
        }
        conv1 = BasicConv2d(inChannels, width(64), kernelSize: 7, stride: 2, padding: 3)
        maxpool1 = MaxPool2d(3, stride: 2, ceilMode: true)
        conv2 = BasicConv2d(width(64), width(64), kernelSize: 1)
        conv3 = BasicConv2d(width(64), width(192), kernelSize: 3, padding: 1)
        maxpool2 = MaxPool2d(3, stride: 2, ceilMode: true)
        inception3a = block(64, 96, 128, 16, 32, 32)
        inception3b = block(128, 128, 192, 32, 96, 64)
        maxpool3 = MaxPool2d(3, stride: 2, ceilMode: true)
        inception4a = block(192, 96, 208, 16, 48, 64)
        aux1 = head()
        inception4b = block(160, 112, 224, 24, 64, 64)
        inception4c = block(128, 128, 256, 24, 64, 64)
        inception4d = block(112, 144, 288, 32, 64, 64)
        aux2 = head()
        inception4e = block(256, 160, 320, 32, 128, 128)
        maxpool4 = MaxPool2d(2, stride: 2, ceilMode: true)
        inception5a = block(256, 160, 320, 32, 128, 128)
        inception5b = block(384, 192, 384, 48, 128, 128)
        avgpool = AdaptiveAvgPool2d([1, 1])
        self.dropout = Dropout(dropout)
        fc = Linear(channels, numClasses)
        super.init()
        FreshWeights.drawTruncatedNormal(self)
    }

    override public func forward(_ image: Tensor) -> Tensor { end(middle(beginning(image))) }

    /// The logits [N, classes] of the end and, in training mode, those of ``aux1`` and ``aux2``.
    ///
    /// - Parameters:
    ///   - images: [N, C, H, W].
    public func logitsWithAuxiliaries(_ images: Tensor) -> (logits: Tensor, auxiliaries: [Tensor]) {
        withModulePath {
            let first = beginning(images)
            let second = middle(first)
            let logits = end(second)
            guard isTraining else { return (logits, []) }
            return (logits, [aux1?(first), aux2?(second)].compactMap { $0 })
        }
    }

    /// To where the first head stands.
    private func beginning(_ image: Tensor) -> Tensor {
        let x = maxpool2(conv3(conv2(maxpool1(conv1(image)))))
        return inception4a(maxpool3(inception3b(inception3a(x))))
    }

    /// From there to where the second head stands.
    private func middle(_ x: Tensor) -> Tensor { inception4d(inception4c(inception4b(x))) }

    /// From there to the logits.
    private func end(_ x: Tensor) -> Tensor {
        let features = inception5b(inception5a(maxpool4(inception4e(x))))
        return fc(dropout(avgpool(features).flatten(from: 1)))
    }
}

extension GoogLeNet {
    /// A classifier of what a layer in the middle has found (torchvision's `InceptionAux`).
    ///
    /// [N, C, H, W] → the means of 4×4 parts → 1×1 convolution → linear layer, ReLU and dropout → logits [N, classes].
    /// State: `conv`, `fc1` and `fc2`.
    public final class AuxiliaryHead: Module {
        /// The 1×1 convolution.
        public let conv: BasicConv2d
        /// The first linear layer.
        public let fc1: Linear
        /// The classifier.
        public let fc2: Linear
        /// Before ``fc2``.
        public let dropout: Dropout

        /// A head on `inChannels` channels.
        ///
        /// - Parameters:
        ///   - inChannels: the channels C of the input, at least 1.
        ///   - numClasses: the number of classes.
        ///   - width: the channels of the convolution's result; `128` by default.
        ///   - hidden: the features between the linear layers; `1024` by default.
        ///   - dropout: the probability of dropout before the last layer; `0.7` by default.
        public init(_ inChannels: Int, numClasses: Int, width: Int = 128, hidden: Int = 1024, dropout: Double = 0.7) {
            conv = BasicConv2d(inChannels, width, kernelSize: 1)
            fc1 = Linear(width * 4 * 4, hidden)
            fc2 = Linear(hidden, numClasses)
            self.dropout = Dropout(dropout)
            super.init()
        }

        override public func forward(_ x: Tensor) -> Tensor {
            fc2(dropout(fc1(conv(x.adaptiveAvgPool2d(4)).flatten(from: 1)).relu()))
        }
    }

    static let entries = [
        ModelEntry(
            name: "googlenet",
            summary:
                "Inception blocks, with auxiliary heads in training (Szegedy et al. 2014), torchvision's googlenet",
            inputSize: (3, 224, 224), defaultNumClasses: 1000, benchmarkBatchSize: 16,
            build: { GoogLeNet(numClasses: $0, inChannels: $1) })
    ]
}
