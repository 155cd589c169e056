/// A pair of operations of a learnt policy (`torchvision.transforms.v2.AutoAugment`; Cubuk and others: "AutoAugment:
/// learning augmentation strategies from data", 2018).
public struct AutoAugment: Transform {
    /// The data set that the policy was learnt on.
    public enum Policy: String, Sendable, CaseIterable {
        case imageNet
        case cifar10
        case svhn
    }

    public let policy: Policy
    public let interpolation: ImageInterpolation
    public let fill: [Double]?

    /// The steps of strength that the policies count in.
    private static let bins = 10

    /// - Parameters:
    ///   - policy: the data set that the policy was learnt on.
    ///   - interpolation: nearest or bilinear.
    ///   - fill: what stands beyond the borders, one value or one for each channel; nil for 0.
    public init(
        _ policy: Policy = .imageNet, interpolation: ImageInterpolation = .nearest, fill: [Double]? = nil
    ) {
        (self.policy, self.interpolation, self.fill) = (policy, interpolation, fill)
    }

    public func output(for input: ImageFormat) -> ImageFormat { input }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        let policies =
            switch policy {
            case .imageNet: AutoAugmentPolicies.imageNet
            case .cifar10: AutoAugmentPolicies.cifar10
            case .svhn: AutoAugmentPolicies.svhn
            }
        let chosen = policies[random.below(policies.count)]
        for step in [chosen.first, chosen.second] where random.chance(step.probability) {
            try step.operation.apply(
                to: image, bin: step.bin, of: Self.bins, .usual, interpolation: interpolation, fill: fill, &random)
        }
    }
}
