/// The kernels of ``Reduction``.
///
/// Macros: `T`, the type of the elements; `A`, in which they are combined; `Y`, of the results; `OPERATION`, one of the
/// structures; `I`, an unsigned type that numbers all elements.
///
/// Long reductions are split: each part leaves a partial result in scratch memory, and these are combined at the end.
/// The order in which elements are combined depends on the shapes only.
enum ReductionKernels {
    static let source = KernelSource(name: "reduction", code: RowGroups.code + operations + kernels)

    private static let operations = """
        // Integers wrap: without a sign, that is defined.
        typedef unsigned long long Bits;
        __device__ inline int64 sum_of(int64 a, int64 b) { return (int64)((Bits)a + (Bits)b); }
        __device__ inline float sum_of(float a, float b) { return a + b; }
        __device__ inline double sum_of(double a, double b) { return a + b; }
        __device__ inline int sum_of(int a, int b) { return a + b; }
        __device__ inline int64 product_of(int64 a, int64 b) { return (int64)((Bits)a * (Bits)b); }
        __device__ inline float product_of(float a, float b) { return a * b; }
        __device__ inline double product_of(double a, double b) { return a * b; }
        __device__ inline int product_of(int a, int b) { return a * b; }

        __device__ inline bool is_nan(float x) { return isnan(x); }
        __device__ inline bool is_nan(double x) { return isnan(x); }
        __device__ inline bool is_nan(int64 x) { return false; }
        __device__ inline bool is_nan(int x) { return false; }

        template <typename V> struct Limits;
        template <> struct Limits<float> {
            static __device__ float low() { return __int_as_float(0xff800000); }
            static __device__ float high() { return __int_as_float(0x7f800000); }
        };
        template <> struct Limits<double> {
            static __device__ double low() { return __longlong_as_double(0xfff0000000000000ll); }
            static __device__ double high() { return __longlong_as_double(0x7ff0000000000000ll); }
        };
        template <> struct Limits<int64> {
            static __device__ int64 low() { return (int64)(1ull << 63); }
            static __device__ int64 high() { return (int64)~(1ull << 63); }
        };
        template <> struct Limits<int> {
            static __device__ int low() { return (int)(1u << 31); }
            static __device__ int high() { return (int)~(1u << 31); }
        };

        struct Sum {
            static __device__ A identity() { return (A)0; }
            static __device__ A load(T x) { return (A)x; }
            static __device__ Y finish(A value, int64 count) { return (Y)value; }
            __device__ A operator()(A a, A b) const { return sum_of(a, b); }
        };
        struct Mean : Sum {
            static __device__ Y finish(A value, int64 count) { return (Y)((double)value / (double)count); }
        };
        struct Product {
            static __device__ A identity() { return (A)1; }
            static __device__ A load(T x) { return (A)x; }
            static __device__ Y finish(A value, int64 count) { return (Y)value; }
            __device__ A operator()(A a, A b) const { return product_of(a, b); }
        };
        // NaN wins.
        struct Largest {
            static __device__ A identity() { return Limits<A>::low(); }
            static __device__ A load(T x) { return (A)x; }
            static __device__ Y finish(A value, int64 count) { return (Y)value; }
            __device__ A operator()(A a, A b) const { return b > a || is_nan(b) ? b : a; }
        };
        struct Smallest {
            static __device__ A identity() { return Limits<A>::high(); }
            static __device__ A load(T x) { return (A)x; }
            static __device__ Y finish(A value, int64 count) { return (Y)value; }
            __device__ A operator()(A a, A b) const { return b < a || is_nan(b) ? b : a; }
        };
        struct Any {
            static __device__ A identity() { return (A)0; }
            static __device__ A load(T x) { return x != (T)0 ? (A)1 : (A)0; }
            static __device__ Y finish(A value, int64 count) { return (Y)(value != (A)0); }
            __device__ A operator()(A a, A b) const { return a != (A)0 || b != (A)0 ? (A)1 : (A)0; }
        };
        struct All : Any {
            static __device__ A identity() { return (A)1; }
            __device__ A operator()(A a, A b) const { return a != (A)0 && b != (A)0 ? (A)1 : (A)0; }
        };

        """

    private static let kernels = """
        __device__ inline I offset_of(const Dimensions& dimensions, I position) {
            I offset = 0;
            for (int d = (int)dimensions.rank - 1; d > 0; d--) {
                const I size = (I)dimensions.sizes[d];
                const I rest = position / size;
                offset += (position - rest * size) * (I)dimensions.strides[d];
                position = rest;
            }
            return dimensions.rank > 0 ? offset + position * (I)dimensions.strides[0] : offset;
        }

        // Four values at a time, so that their loads overlap.
        template <typename Place>
        __device__ inline A combine_all(const T* __restrict__ x, I first, I end, I step, Place place) {
            const OPERATION combine = OPERATION();
            A a = OPERATION::identity(), b = a, c = a, d = a;
            I r = first;
            for (; r + 3 * step < end; r += 4 * step) {
                const T xa = x[place(r)], xb = x[place(r + step)];
                const T xc = x[place(r + 2 * step)], xd = x[place(r + 3 * step)];
                a = combine(a, OPERATION::load(xa));
                b = combine(b, OPERATION::load(xb));
                c = combine(c, OPERATION::load(xc));
                d = combine(d, OPERATION::load(xd));
            }
            for (; r < end; r += step) a = combine(a, OPERATION::load(x[place(r)]));
            return combine(combine(a, b), combine(c, d));
        }

        struct Line {
            I base, step;
            __device__ I operator()(I r) const { return base + r * step; }
        };
        struct Box {
            I base;
            const Dimensions& dimensions;
            __device__ I operator()(I r) const { return base + offset_of(dimensions, r); }
        };

        __device__ inline A combine_box(
            const T* __restrict__ x, I base, const Dimensions& reduced, I first, I end, I step) {
            if (reduced.rank > 1) return combine_all(x, first, end, step, Box{base, reduced});
            return combine_all(x, first, end, step, Line{base, reduced.rank > 0 ? (I)reduced.strides[0] : 0});
        }

        __device__ inline void write(void* y, int64 output, A value, int64 count) {
            if (gridDim.y > 1) ((A*)y)[output * gridDim.y + blockIdx.y] = value;
            else ((Y*)y)[output] = OPERATION::finish(value, count);
        }

        // A group of threads for each output; blockIdx.y numbers the parts of `part` elements.
        extern "C" __global__ void reduce_rows(
            const T* __restrict__ x, void* __restrict__ y, const __grid_constant__ Dimensions kept,
            const __grid_constant__ Dimensions reduced, int64 outputs, int64 count, int64 part, int64 lanes) {
            const RowGroup group = row_group(outputs, lanes);
            const int64 begin = blockIdx.y * part, end = begin + part < count ? begin + part : count;
            const A own = combine_box(
                x, offset_of(kept, (I)group.row), reduced, (I)(begin + group.lane), (I)end, (I)lanes);
            const A value = row_reduce(group, own, OPERATION::identity(), OPERATION());
            if (group.isValid && group.lane == 0) write(y, group.row, value, count);
        }

        // Neighbouring threads for neighbouring outputs, and eight threads for each.
        extern "C" __global__ void reduce_columns(
            const T* __restrict__ x, void* __restrict__ y, const __grid_constant__ Dimensions kept,
            const __grid_constant__ Dimensions reduced, int64 outputs, int64 count, int64 part) {
            __shared__ A partial[8][32];
            const int64 output = blockIdx.x * 32ll + threadIdx.x;
            const int64 begin = blockIdx.y * part, end = begin + part < count ? begin + part : count;
            A value = OPERATION::identity();
            if (output < outputs)
                value = combine_box(
                    x, offset_of(kept, (I)output), reduced, (I)(begin + threadIdx.y), (I)end, (I)8);
            partial[threadIdx.y][threadIdx.x] = value;
            __syncthreads();
            if (threadIdx.y > 0 || output >= outputs) return;
            for (int row = 1; row < 8; row++) value = OPERATION()(value, partial[row][threadIdx.x]);
            write(y, output, value, count);
        }

        // A group of threads for each output, whose partial results are neighbours.
        extern "C" __global__ void reduce_partials(
            const A* __restrict__ x, Y* __restrict__ y, int64 outputs, int64 parts, int64 count, int64 lanes) {
            const RowGroup group = row_group(outputs, lanes);
            A own = OPERATION::identity();
            for (int64 r = group.lane; r < parts; r += lanes) own = OPERATION()(own, x[group.row * parts + r]);
            const A value = row_reduce(group, own, OPERATION::identity(), OPERATION());
            if (group.isValid && group.lane == 0) y[group.row] = OPERATION::finish(value, count);
        }

        """
}
