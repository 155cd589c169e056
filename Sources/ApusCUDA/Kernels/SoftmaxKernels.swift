/// The kernels of softmax, and of its cross entropy.
///
/// `T` is the type of the elements. Rows have `length` elements, `step` apart, as neighbouring samples of a plane do.
enum SoftmaxKernels {
    static let source = KernelSource(name: "softmax", code: RowGroups.code + rows + softmax + crossEntropy)

    private static let rows = """
        __device__ inline float exp_of(float x) { return expf(x); }
        __device__ inline double exp_of(double x) { return exp(x); }
        __device__ inline float log_of(float x) { return logf(x); }
        __device__ inline double log_of(double x) { return log(x); }
        __device__ inline float lowest(float) { return __int_as_float(0xff800000); }
        __device__ inline double lowest(double) { return __longlong_as_double(0xfff0000000000000ll); }

        // What is NaN is passed over: it makes the sum NaN.
        struct Larger { __device__ T operator()(T a, T b) const { return b > a ? b : a; } };

        __device__ inline int64 row_start(const RowGroup& group, int64 length, int64 step) {
            return step == 1 ? group.row * length : group.row / step * step * length + group.row % step;
        }

        __device__ inline T row_largest(const RowGroup& group, const T* x, int64 length, int64 step) {
            T a = lowest(T(0)), b = a;
            int64 i = group.lane;
            for (; i + group.lanes < length; i += 2 * group.lanes) {
                const T first = x[i * step], second = x[(i + group.lanes) * step];
                a = first > a ? first : a;
                b = second > b ? second : b;
            }
            if (i < length) a = Larger()(a, x[i * step]);
            return row_reduce(group, Larger()(a, b), lowest(T(0)), Larger());
        }

        // Sums of exp(x - largest).
        __device__ inline T row_exponentials(const RowGroup& group, const T* x, int64 length, int64 step, T largest) {
            T a = T(0), b = T(0);
            int64 i = group.lane;
            for (; i + group.lanes < length; i += 2 * group.lanes) {
                const T first = x[i * step], second = x[(i + group.lanes) * step];
                a += exp_of(first - largest);
                b += exp_of(second - largest);
            }
            if (i < length) a += exp_of(x[i * step] - largest);
            return row_sum(group, a + b);
        }

        """

    private static let softmax = """
        extern "C" __global__ void softmax(
            const T* __restrict__ x, T* __restrict__ y, int64 rows, int64 length, int64 step, int64 lanes) {
            const RowGroup group = row_group(rows, lanes);
            const int64 start = row_start(group, length, step);
            const T largest = row_largest(group, x + start, length, step);
            const T sum = row_exponentials(group, x + start, length, step, largest);
            if (!group.isValid) return;
            for (int64 i = group.lane; i < length; i += group.lanes)
                y[start + i * step] = exp_of(x[start + i * step] - largest) / sum;
        }

        extern "C" __global__ void log_softmax(
            const T* __restrict__ x, T* __restrict__ y, int64 rows, int64 length, int64 step, int64 lanes) {
            const RowGroup group = row_group(rows, lanes);
            const int64 start = row_start(group, length, step);
            const T largest = row_largest(group, x + start, length, step);
            const T logarithm = log_of(row_exponentials(group, x + start, length, step, largest));
            if (!group.isValid) return;
            for (int64 i = group.lane; i < length; i += group.lanes)
                y[start + i * step] = x[start + i * step] - largest - logarithm;
        }

        extern "C" __global__ void softmax_gradient(
            const T* __restrict__ y, const T* __restrict__ dy, T* __restrict__ dx, int64 rows, int64 length,
            int64 step, int64 lanes) {
            const RowGroup group = row_group(rows, lanes);
            const int64 start = row_start(group, length, step);
            T own = T(0);
            for (int64 i = group.lane; i < length; i += group.lanes)
                own += dy[start + i * step] * y[start + i * step];
            const T sum = row_sum(group, own);
            if (!group.isValid) return;
            for (int64 i = group.lane; i < length; i += group.lanes)
                dx[start + i * step] = y[start + i * step] * (dy[start + i * step] - sum);
        }

        extern "C" __global__ void log_softmax_gradient(
            const T* __restrict__ y, const T* __restrict__ dy, T* __restrict__ dx, int64 rows, int64 length,
            int64 step, int64 lanes) {
            const RowGroup group = row_group(rows, lanes);
            const int64 start = row_start(group, length, step);
            T own = T(0);
            for (int64 i = group.lane; i < length; i += group.lanes) own += dy[start + i * step];
            const T sum = row_sum(group, own);
            if (!group.isValid) return;
            for (int64 i = group.lane; i < length; i += group.lanes)
                dx[start + i * step] = dy[start + i * step] - exp_of(y[start + i * step]) * sum;
        }

        """

    private static let crossEntropy = """
        // Whether a sample counts; where its class is out of range, that is reported.
        __device__ inline bool counts(
            int64 picked, int64 sample, int64 classes, int64 ignores, int64 ignored, Fault* fault, int64 code) {
            if (ignores && picked == ignored) return false;
            const bool isInRange = picked >= 0 && picked < classes;
            if (!isInRange) apus_fault(fault, code, picked, sample, 0);
            return isInRange;
        }

        // The logarithm of softmax, and each sample's loss and weight.
        extern "C" __global__ void softmax_cross_entropy(
            const T* __restrict__ x, const int64* __restrict__ targets, const T* __restrict__ weight,
            T* __restrict__ y, T* __restrict__ losses, T* __restrict__ weights, int64 isWeighted, int64 ignores,
            int64 ignored, int64 length, int64 step, int64 rows, int64 lanes, Fault* fault, int64 code) {
            const RowGroup group = row_group(rows, lanes);
            const int64 start = row_start(group, length, step);
            const T largest = row_largest(group, x + start, length, step);
            const T logarithm = log_of(row_exponentials(group, x + start, length, step, largest));
            if (!group.isValid) return;
            for (int64 i = group.lane; i < length; i += group.lanes)
                y[start + i * step] = x[start + i * step] - largest - logarithm;
            if (group.lane > 0) return;
            const int64 picked = targets[group.row];
            T loss = T(0), factor = T(0);
            if (counts(picked, group.row, length, ignores, ignored, fault, code)) {
                factor = isWeighted ? weight[picked] : T(1);
                loss = -factor * (x[start + picked * step] - largest - logarithm);
            }
            losses[group.row] = loss;
            weights[group.row] = factor;
        }

        // (softmax - one-hot) * weight * dy: all of a row's sum of gradients is that of its class.
        extern "C" __global__ void softmax_cross_entropy_gradient(
            const T* __restrict__ y, const T* __restrict__ dy, const int64* __restrict__ targets,
            const T* __restrict__ weight, T* __restrict__ dx, int64 isWeighted, int64 ignores, int64 ignored,
            int64 length, int64 step, int64 count, Fault* fault, int64 code) {
            APUS_LOOP(i, count) {
                const int64 outer = i / step, sample = outer / length * step + (i - outer * step);
                const int64 own = outer % length, picked = targets[sample];
                T gradient = T(0);
                if (counts(picked, sample, length, ignores, ignored, fault, code))
                    gradient = -(isWeighted ? weight[picked] : T(1)) * dy[sample];
                dx[i] = (own == picked ? gradient : T(0)) - exp_of(y[i]) * gradient;
            }
        }

        """
}
