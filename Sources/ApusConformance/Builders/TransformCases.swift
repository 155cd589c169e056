import ApusData
import ApusGraph

/// The functions of `torchvision.transforms.functional` by their names.
///
/// A new one is one entry in the table of its subject.
enum TransformCases {
    static let all: [String: FunctionBuilder] = [conversions, geometry, crops, colors, filters].reduce(into: [:]) {
        all, table in all.merge(table) { first, _ in first }
    }

    /// Checks the results of a transform case.
    static func run(_ goldenCase: GoldenCase) throws {
        guard let builder = all[goldenCase.operation] else {
            throw CaseProblem.unsupported("the transform \(goldenCase.operation) does not exist here")
        }
        let arguments = CaseArguments(goldenCase.arguments)
        try CallCheck(goldenCase).run { inputs in
            let results = try builder(
                FunctionCall(operation: goldenCase.operation, inputs: inputs, arguments: arguments))
            try arguments.checkAllRead(goldenCase.operation)
            return results
        }
    }

    /// A change of each image by itself.
    private static func change(
        _ body: @escaping @Sendable (ImageSample, CaseArguments) throws -> Void
    ) -> FunctionBuilder {
        { call in
            let arguments = call.arguments
            // One image after the other on this thread: the arguments are read by nobody else meanwhile.
            nonisolated(unsafe) let read = arguments
            return [try Lambda { image, _ in try body(image, read) }(call.one())]
        }
    }

    private static let conversions: [String: FunctionBuilder] = [
        "to_tensor": { [try ToTensor()(planes(call: $0))] },
        "pil_to_tensor": { [try planes(call: $0)] },
        "convert_image_dtype": { call in
            let dtype = try call.arguments.text("dtype", default: "torch.float32")
            switch dtype.split(separator: ".").last {
            case "float32", "float": return [try ToDtype(.float, scale: true)(call.one())]
            case "uint8": return [try ToDtype(.byte, scale: true)(call.one())]
            default: throw CaseProblem.inexpressible("images of \(dtype) do not exist here")
            }
        },
        "normalize": { call in
            let mean = try call.arguments.numberList("mean")
            let std = try call.arguments.numberList("std")
            _ = try call.arguments.boolean("inplace", default: false)
            guard !mean.isEmpty, !std.isEmpty, std.allSatisfy({ $0 != 0 }) else {
                throw CaseProblem.inexpressible("normalize with mean \(mean) and std \(std)")
            }
            return [try Normalize(mean: mean, std: std)(call.one())]
        },
    ]

    private static let geometry: [String: FunctionBuilder] = [
        "hflip": change { image, _ in image.flipHorizontally() },
        "vflip": change { image, _ in image.flipVertically() },
        "pad": { call in
            let arguments = call.arguments
            let numbers = try arguments.integers("padding")
            guard let padding = ImagePadding(numbers) else {
                throw CaseProblem.inexpressible("the padding \(numbers) has neither one, two nor four numbers")
            }
            let fill = try arguments.optionalNumberList("fill") ?? [0]
            let border = try arguments.choice("padding_mode", default: ImageBorder.constant)
            return [try Pad(padding, fill: fill, border: border)(call.one())]
        },
        "resize": { [try resize($0.arguments)($0.one())] },
        "rotate": change { image, arguments in
            try image.rotate(
                angle: arguments.number("angle"), interpolation: arguments.interpolation(default: .nearest),
                expand: arguments.boolean("expand", default: false), fill: arguments.optionalNumberList("fill"),
                center: arguments.optionalPoint("center"))
        },
        "affine": change { image, arguments in
            let shear = try arguments.optionalNumberList("shear") ?? [0]
            guard shear.count == 1 || shear.count == 2 else {
                throw CaseProblem.inexpressible("the shear \(shear) has not one or two numbers")
            }
            try image.affine(
                angle: arguments.number("angle"), translate: arguments.optionalPoint("translate") ?? (0, 0),
                scale: arguments.number("scale"), shear: (shear[0], shear.count == 2 ? shear[1] : 0),
                interpolation: arguments.interpolation(default: .nearest),
                fill: arguments.optionalNumberList("fill"), center: arguments.optionalPoint("center"))
        },
        "erase": change { image, arguments in
            _ = try arguments.boolean("inplace", default: false)
            try image.erase(
                top: arguments.integer("i"), left: arguments.integer("j"), height: arguments.integer("h"),
                width: arguments.integer("w"), fill: arguments.numberList("v"))
        },
    ]

    private static let crops: [String: FunctionBuilder] = [
        "crop": { [try crop($0.arguments)($0.one())] },
        "center_crop": { [try CenterCrop($0.arguments.cropSize("output_size"))($0.one())] },
        "resized_crop": { call in
            let arguments = call.arguments
            return [try Compose([crop(arguments), resize(arguments)])(call.one())]
        },
        "five_crop": { try FiveCrop($0.arguments.cropSize("size"))($0.one()) },
        "ten_crop": { call in
            let five = FiveCrop(try call.arguments.cropSize("size"))
            let vertical = try call.arguments.boolean("vertical_flip", default: false)
            let flip: any Transform = vertical ? RandomVerticalFlip(p: 1) : RandomHorizontalFlip(p: 1)
            return try five(call.one()) + five(flip(call.one()))
        },
    ]

    private static let colors: [String: FunctionBuilder] = [
        "rgb_to_grayscale": grayscale, "to_grayscale": grayscale,
        "adjust_brightness": change { try $0.adjustBrightness($1.number("brightness_factor")) },
        "adjust_contrast": change { try $0.adjustContrast($1.number("contrast_factor")) },
        "adjust_saturation": change { try $0.adjustSaturation($1.number("saturation_factor")) },
        "adjust_hue": change { try $0.adjustHue($1.number("hue_factor")) },
        "adjust_gamma": change { try $0.adjustGamma($1.number("gamma"), gain: $1.number("gain", default: 1)) },
        "invert": change { image, _ in image.invert() },
        "posterize": change { try $0.posterize(bits: $1.integer("bits")) },
        "solarize": change { try $0.solarize(threshold: $1.number("threshold")) },
        "autocontrast": change { image, _ in image.autocontrast() },
        "equalize": change { image, _ in image.equalize() },
    ]

    private static let filters: [String: FunctionBuilder] = [
        "adjust_sharpness": change { try $0.adjustSharpness($1.number("sharpness_factor")) },
        "gaussian_blur": change { image, arguments in
            let size = try arguments.integers("kernel_size")
            let sizes = size.count == 1 ? [size[0], size[0]] : size
            guard sizes.count == 2 else { throw CaseProblem.inexpressible("a kernel of sizes \(size)") }
            let sigma = try arguments.optionalNumberList("sigma") ?? sizes.map { Double($0) * 0.15 + 0.35 }
            guard sigma.count == 1 || sigma.count == 2 else { throw CaseProblem.inexpressible("sigma \(sigma)") }
            try image.gaussianBlur(
                kernelWidth: sizes[0], kernelHeight: sizes[1], sigmaX: sigma[0], sigmaY: sigma[sigma.count - 1])
        },
    ]

    private static let grayscale: FunctionBuilder = change { image, arguments in
        try image.grayscale(channels: arguments.integer("num_output_channels", default: 1))
    }

    private static func crop(_ arguments: CaseArguments) throws -> Crop {
        let (height, width) = (try arguments.integer("height"), try arguments.integer("width"))
        guard height > 0, width > 0 else { throw CaseProblem.inexpressible("a crop of \(height)×\(width)") }
        return Crop(
            top: try arguments.integer("top"), left: try arguments.integer("left"), height: height, width: width)
    }

    private static func resize(_ arguments: CaseArguments) throws -> Resize {
        let size = try arguments.integers("size")
        let maxSize = try arguments.optionalInteger("max_size")
        guard size.count == 1 || size.count == 2 && maxSize == nil, size.allSatisfy({ $0 > 0 }) else {
            throw CaseProblem.inexpressible("the size \(size) with max_size \(maxSize.map(String.init) ?? "none")")
        }
        return Resize(
            size.count == 1 ? .shorterSide(size[0]) : .exact(height: size[0], width: size[1]),
            interpolation: try arguments.interpolation(default: .bilinear), maxSize: maxSize,
            antialias: try arguments.boolean("antialias", default: true))
    }

    /// The pixels [H, W, C] or [H, W] of a picture as planes [C, H, W].
    private static func planes(call: FunctionCall) throws -> Tensor {
        let pixels = try call.one()
        return switch pixels.rank {
        case 2: pixels.unsqueeze(dim: 0)
        case 3: pixels.permute(2, 0, 1)
        default: throw CaseProblem.inexpressible("a picture of shape \(pixels.shape.brackets)")
        }
    }
}

extension CaseArguments {
    /// A list of numbers, or one number as a list of one.
    fileprivate func numberList(_ name: String) throws -> [Double] {
        guard let numbers = try optionalNumberList(name) else {
            throw CaseProblem.inexpressible("the argument \(name) is missing")
        }
        return numbers
    }

    fileprivate func optionalNumberList(_ name: String) throws -> [Double]? {
        if case .list = value(name) { return try optionalNumbers(name) }
        return try optionalNumber(name).map { [$0] }
    }

    fileprivate func optionalPoint(_ name: String) throws -> (x: Double, y: Double)? {
        guard let numbers = try optionalNumbers(name) else { return nil }
        guard numbers.count == 2 else { throw CaseProblem.inexpressible("\(name) is not two numbers") }
        return (numbers[0], numbers[1])
    }

    fileprivate func interpolation(default fallback: ImageInterpolation) throws -> ImageInterpolation {
        try choice("interpolation", default: fallback)
    }

    fileprivate func cropSize(_ name: String) throws -> CropSize {
        let sizes = try integers(name)
        guard sizes.count == 1 || sizes.count == 2, sizes.allSatisfy({ $0 > 0 }) else {
            throw CaseProblem.inexpressible("the size \(sizes) is not one or two positive numbers")
        }
        return CropSize(sizes[0], sizes[sizes.count - 1])
    }
}
