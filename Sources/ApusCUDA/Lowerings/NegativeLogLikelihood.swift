import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements. `plane` neighbouring samples have their elements of one class next to each other.
    fileprivate static let negativeLogLikelihood = KernelSource(
        name: "negative_log_likelihood",
        code: """
            // Whether a sample counts; where its class is out of range, that is reported.
            __device__ inline bool counts(
                int64 picked, int64 sample, int64 classes, int64 ignores, int64 ignored, Fault* fault, int64 code) {
                if (ignores && picked == ignored) return false;
                const bool isInRange = picked >= 0 && picked < classes;
                if (!isInRange) apus_fault(fault, code, picked, sample, 0);
                return isInRange;
            }

            extern "C" __global__ void negative_log_likelihood(
                const T* __restrict__ x, const int64* __restrict__ targets, const T* __restrict__ weight,
                T* __restrict__ losses, T* __restrict__ weights, int64 isWeighted, int64 ignores, int64 ignored,
                int64 classes, int64 plane, int64 samples, Fault* fault, int64 code) {
                APUS_LOOP(sample, samples) {
                    const int64 picked = targets[sample];
                    T loss = T(0), factor = T(0);
                    if (counts(picked, sample, classes, ignores, ignored, fault, code)) {
                        factor = isWeighted ? weight[picked] : T(1);
                        loss = -factor * x[(sample / plane * classes + picked) * plane + sample % plane];
                    }
                    losses[sample] = loss;
                    weights[sample] = factor;
                }
            }

            // Into zeros; each sample has its own place.
            extern "C" __global__ void negative_log_likelihood_gradient(
                const T* __restrict__ dy, const int64* __restrict__ targets, const T* __restrict__ weight,
                T* __restrict__ dx, int64 isWeighted, int64 ignores, int64 ignored, int64 classes, int64 plane,
                int64 samples, Fault* fault, int64 code) {
                APUS_LOOP(sample, samples) {
                    const int64 picked = targets[sample];
                    if (counts(picked, sample, classes, ignores, ignored, fault, code)) {
                        const T factor = isWeighted ? weight[picked] : T(1);
                        dx[(sample / plane * classes + picked) * plane + sample % plane] = -factor * dy[sample];
                    }
                }
            }
            """)
}

extension NegativeLogLikelihood: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let input = step.inputs[0].spec
        let kernel = CUDAKernel(.negativeLogLikelihood, "negative_log_likelihood", types: ["T": input.dtype])
        let numbers = classNumbers(inputShape: input.shape)
        let samples = step.inputs[1].spec.shape.elementCount
        let fault = classFault(classes: step.inputs[1].spec.shape, inputShape: input.shape, on: device)
        let (weight, losses) = (isWeighted ? 2 : 0, step.inputs.count)
        return PreparedStep(kernel: "negative_log_likelihood") { operands, _ in
            try kernel.launch(
                on: device, count: samples, .address(operands[0]), .address(operands[1]), .address(operands[weight]),
                .address(operands[losses]), .address(operands[losses + 1]), .int(numbers[0]), .int(numbers[1]),
                .int(numbers[2]), .int(numbers[3]), .int(numbers[4]), .int(samples), .fault(fault))
        }
    }

    /// The kernels' parameters `isWeighted`, `ignores`, `ignored`, `classes` and `plane`.
    func classNumbers(inputShape: Shape) -> [Int] {
        [
            isWeighted ? 1 : 0, ignoreIndex == nil ? 0 : 1, ignoreIndex ?? 0, inputShape.dimensions[1],
            inputShape.dimensions.dropFirst(2).reduce(1, *),
        ]
    }

    /// The code of the error of a class out of range; kernels give the class and the sample.
    func classFault(classes: Shape, inputShape: Shape, on device: CUDADevice) -> FaultCode {
        let count = inputShape.dimensions[1]
        return device.faultCode { values in
            outOfRange(Int64(values[0]), at: values[1], in: classes, classes: count)
        }
    }
}

extension NegativeLogLikelihoodGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let output = step.outputs[0].spec
        let kernel = CUDAKernel(.negativeLogLikelihood, "negative_log_likelihood_gradient", types: ["T": output.dtype])
        let numbers = loss.classNumbers(inputShape: inputShape)
        let samples = step.inputs[1].spec.shape.elementCount
        let fault = loss.classFault(classes: step.inputs[1].spec.shape, inputShape: inputShape, on: device)
        let (weight, dx) = (loss.isWeighted ? 2 : 0, step.inputs.count)
        return PreparedStep(kernel: "negative_log_likelihood_gradient") { operands, _ in
            try device.context().clear(operands[dx], byteCount: output.byteCount)
            try kernel.launch(
                on: device, count: samples, .address(operands[0]), .address(operands[1]), .address(operands[weight]),
                .address(operands[dx]), .int(numbers[0]), .int(numbers[1]), .int(numbers[2]), .int(numbers[3]),
                .int(numbers[4]), .int(samples), .fault(fault))
        }
    }
}
