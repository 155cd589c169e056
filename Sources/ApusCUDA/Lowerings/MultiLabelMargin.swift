import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the scores. A row's labels end before its first negative number.
    fileprivate static let multiLabelMargin = KernelSource(
        name: "multi_label_margin",
        code: """
            __device__ inline bool contains(const int64* labels, int64 count, int64 picked) {
                for (int64 j = 0; j < count; j++) if (labels[j] == picked) return true;
                return false;
            }

            __device__ inline int64 label_count(const int64* labels, int64 classes) {
                int64 count = 0;
                while (count < classes && labels[count] >= 0) count++;
                return count;
            }

            // The first number of a row that is no label, or -1 where all are; it is looked for behind the end, too.
            __device__ inline int64 wrong_place(const int64* labels, int64 classes) {
                for (int64 j = 0; j < classes; j++) if (labels[j] < -1 || labels[j] >= classes) return j;
                return -1;
            }

            // A block for each row.
            extern "C" __global__ void multi_label_margin(
                const T* __restrict__ x, const int64* __restrict__ y, T* __restrict__ losses, int64 classes,
                Fault* fault, int64 code) {
                const int64 row = blockIdx.x;
                const T* scores = x + row * classes;
                const int64* labels = y + row * classes;
                const int64 wrong = wrong_place(labels, classes);
                if (wrong >= 0) {
                    if (threadIdx.x == 0) {
                        apus_fault(fault, code, labels[wrong], row, 0);
                        losses[row] = T(0);
                    }
                    return;
                }
                const int64 count = label_count(labels, classes);
                T sum = T(0);
                for (int64 other = threadIdx.x; other < classes; other += blockDim.x) {
                    if (contains(labels, count, other)) continue;
                    for (int64 j = 0; j < count; j++) {
                        const T term = T(1) - scores[labels[j]] + scores[other];
                        if (term > T(0)) sum += term / T(classes);
                    }
                }
                sum = apus_block_sum(sum);
                if (threadIdx.x == 0) losses[row] = sum;
            }

            // The number of terms in which each class stands.
            extern "C" __global__ void multi_label_margin_gradient(
                const T* __restrict__ dy, const T* __restrict__ x, const int64* __restrict__ y, T* __restrict__ dx,
                int64 classes, int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const int64 row = i / classes, own = i - row * classes;
                    const T* scores = x + row * classes;
                    const int64* labels = y + row * classes;
                    const int64 wrong = wrong_place(labels, classes);
                    if (wrong >= 0) {
                        apus_fault(fault, code, labels[wrong], row, 0);
                        dx[i] = T(0);
                        continue;
                    }
                    const int64 labelCount = label_count(labels, classes);
                    int64 repeats = 0, terms = 0;
                    for (int64 j = 0; j < labelCount; j++) if (labels[j] == own) repeats++;
                    if (repeats > 0) {
                        for (int64 other = 0; other < classes; other++)
                            if (!contains(labels, labelCount, other) && T(1) - scores[own] + scores[other] > T(0))
                                terms -= repeats;
                    } else {
                        for (int64 j = 0; j < labelCount; j++)
                            if (T(1) - scores[labels[j]] + scores[own] > T(0)) terms++;
                    }
                    // Also an infinite gradient leaves 0 where there is no term.
                    dx[i] = terms == 0 ? T(0) : T(terms) * (dy[row] / T(classes));
                }
            }
            """)
}

extension MultiLabelMargin: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let input = step.inputs[0].spec
        let (rows, classes) = (input.shape.dimensions[0], input.shape.dimensions[1])
        let kernel = CUDAKernel(.multiLabelMargin, "multi_label_margin", types: ["T": input.dtype])
        let fault = labelFault(classes: classes, on: device)
        return PreparedStep(kernel: "multi_label_margin") { operands, _ in
            try kernel.launch(
                on: device, blocks: rows, threads: 128, .address(operands[0]), .address(operands[1]),
                .address(operands[2]), .int(classes), .fault(fault))
        }
    }

    /// The code of the error of a label out of range; kernels give the label and the row.
    fileprivate func labelFault(classes: Int, on device: CUDADevice) -> FaultCode {
        device.faultCode { values in outOfRange(Int64(values[0]), row: values[1], classes: classes) }
    }
}

extension MultiLabelMarginGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let input = step.inputs[1].spec
        let (count, classes) = (input.shape.elementCount, input.shape.dimensions[1])
        let kernel = CUDAKernel(.multiLabelMargin, "multi_label_margin_gradient", types: ["T": input.dtype])
        let fault = MultiLabelMargin().labelFault(classes: classes, on: device)
        return PreparedStep(kernel: "multi_label_margin_gradient") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .address(operands[2]),
                .address(operands[3]), .int(classes), .int(count), .fault(fault))
        }
    }
}
