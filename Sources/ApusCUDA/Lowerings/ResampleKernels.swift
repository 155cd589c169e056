extension KernelSource {
    /// `T`: the type of the elements; `I`: that of indices; `R`: the number of spatial dimensions.
    ///
    /// Resampling begins with tables in the scratch memory, which say as `ResamplingTaps` does of what elements each
    /// position of a result is made: of `count` neighbours from `first` on, where those beyond the ends stand for the
    /// last ones. The gradient needs the positions of which each element is a part, too: they are neighbours as well.
    static let resample = KernelSource(
        name: "resample",
        code: KernelDivision.code + """
            // Laid out as Dimensions. Of each three numbers the last are those of the innermost dimension; missing
            // dimensions come first, and have the size 1. A scale of 0 says that coordinates follow the sizes.
            struct Resampling {
                int64 rank, input[3], output[3], taps[3], filter, curve, alignsCorners, ignoresScale, unused[3];
                int64 inputMagic[3], outputMagic[3], tables[3], scales[3], unusedToo[4];
            };

            enum { NEAREST, NEAREST_EXACT, LINEAR, CUBIC, AREA, ANTIALIASED };

            // The table of a dimension.
            struct Table {
                int64 *first, *count, *begin, *end;
                T* weights;
                int64 input, taps;

                __device__ Table(const Resampling& r, char* scratch, int d) : input(r.input[d]), taps(r.taps[d]) {
                    first = (int64*)(scratch + r.tables[d]);
                    count = first + r.output[d];
                    begin = count + r.output[d];
                    end = begin + input;
                    weights = (T*)(end + input);
                }
            };

            __device__ inline double least(double a, double b) { return a < b ? a : b; }
            __device__ inline double most(double a, double b) { return a > b ? a : b; }

            // Keys' cubic at a distance from its middle.
            __device__ inline double cubic(double x, double a) {
                if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
                return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
            }

            __device__ inline double sinc(double x) {
                const double pi = 3.14159265358979323846;
                return x == 0 ? 1 : sin(pi * x) / (pi * x);
            }

            __device__ inline double curve(int64 kind, double x) {
                const double distance = fabs(x);
                if (kind == 0) return most(1 - distance, 0);
                if (kind == 1) return cubic(distance, -0.5);
                return distance < 3 ? sinc(x) * sinc(x / 3) : 0;
            }

            __device__ inline void fill(const Resampling& r, Table table, int d, int64 position) {
                const int64 input = r.input[d], output = r.output[d], last = input - 1;
                const double scale = __longlong_as_double(r.scales[d]);
                T* const weights = table.weights + position * table.taps;
                int64 &first = table.first[position], &count = table.count[position];
                const bool aligned = r.alignsCorners;
                const double step = aligned ? (output > 1 ? (double)last / (double)(output - 1) : 0)
                    : scale != 0 ? 1 / scale : (double)input / (double)output;
                const double coordinate = aligned ? step * (double)position : step * ((double)position + 0.5) - 0.5;
                count = 1;
                weights[0] = 1;
                if (d < 3 - r.rank) {
                    first = 0;
                } else if (r.filter == NEAREST && r.ignoresScale && output == input) {
                    first = position;
                } else if (r.filter == NEAREST && r.ignoresScale && output == 2 * input) {
                    first = position / 2;
                } else if (r.filter == NEAREST || r.filter == NEAREST_EXACT) {
                    // In the precision of the tensor, but rounded down in single precision, as in PyTorch.
                    const T width = scale != 0 ? (T)(1 / scale) : (T)input / (T)output;
                    const T middle = width * ((T)position + T(0.5)) - T(0.5);
                    const double nearest = r.filter == NEAREST ? (double)(width * (T)position)
                        : (double)(middle > T(0) ? middle : T(0)) + 0.5;
                    const int64 source = (int64)floorf((float)nearest);
                    first = source < last ? source : last;
                } else if (r.filter == AREA) {
                    first = position * input / output;
                    count = ((position + 1) * input + output - 1) / output - first;
                    for (int64 tap = 0; tap < count; tap++) weights[tap] = (T)(1 / (double)count);
                } else if (r.filter != CUBIC && input == output) {
                    first = position;
                } else if (r.filter == ANTIALIASED) {
                    const double stretch = most(step, 1), support = (double)(r.curve + 1) * stretch;
                    const double center = step * ((double)position + 0.5);
                    const int64 start = (int64)(center - support + 0.5), stop = (int64)(center + support + 0.5);
                    first = start > 0 ? start : 0;
                    const int64 size = (stop < input ? stop : input) - first;
                    count = size < 0 ? 0 : size < table.taps ? size : table.taps;
                    double sum = 0;
                    for (int64 tap = 0; tap < count; tap++)
                        sum += curve(r.curve, ((double)(first + tap) - center + 0.5) / stretch);
                    for (int64 tap = 0; tap < count; tap++) {
                        const double weight = curve(r.curve, ((double)(first + tap) - center + 0.5) / stretch);
                        weights[tap] = sum == 0 ? T(0) : (T)(weight / sum);
                    }
                } else {
                    const double place = r.filter == LINEAR ? most(coordinate, 0) : coordinate;
                    const int64 source = (int64)least(floor(place), (double)last);
                    const double share = least(most(place - (double)source, 0), 1);
                    if (r.filter == LINEAR) {
                        first = source;
                        count = 2;
                        weights[0] = (T)(1 - share);
                        weights[1] = (T)share;
                    } else {
                        first = source - 1;
                        count = 4;
                        for (int tap = 0; tap < 4; tap++)
                            weights[tap] = (T)cubic(fabs((double)(tap - 1) - share), -0.75);
                    }
                }
            }

            extern "C" __global__ void resample_taps(char* scratch, Resampling r, int64 count) {
                APUS_LOOP(i, count) {
                    int64 position = i;
                    int d = 0;
                    while (position >= r.output[d]) position -= r.output[d++];
                    fill(r, Table(r, scratch, d), d, position);
                }
            }

            // The number of positions of which the last or the first element lies before an element: both rise.
            __device__ inline int64 before(const Table& table, int64 output, int64 element, bool last) {
                int64 low = 0, high = output;
                while (low < high) {
                    const int64 middle = (low + high) / 2;
                    int64 source = table.first[middle] + (last ? table.count[middle] - 1 : 0);
                    if (table.count[middle] > 0) source = source < 0 ? 0 : source < table.input ? source : table.input - 1;
                    if (source < element) low = middle + 1; else high = middle;
                }
                return low;
            }

            extern "C" __global__ void resample_positions(char* scratch, Resampling r, int64 count) {
                APUS_LOOP(i, count) {
                    int64 element = i;
                    int d = 0;
                    while (element >= r.input[d]) element -= r.input[d++];
                    const Table table(r, scratch, d);
                    table.begin[element] = before(table, r.output[d], element, true);
                    table.end[element] = before(table, r.output[d], element + 1, false);
                }
            }

            // Where an element lies: in which plane, and where in it.
            struct Place { I plane, at[3]; };

            __device__ inline Place place(int64 position, const int64* sizes, const int64* magics) {
                Place place = {0, {0, 0, 0}};
                I rest = (I)position;
                for (int d = 2; d > 2 - R; d--) {
                    const I quotient = apus_divide(rest, sizes[d], magics[d]);
                    place.at[d] = rest - quotient * (I)sizes[d];
                    rest = quotient;
                }
                place.plane = rest;
                return place;
            }

            __device__ inline I clamped(I place, I size) { return place < 0 ? 0 : place < size ? place : size - 1; }

            extern "C" __global__ void resample(const T* __restrict__ x, T* __restrict__ y, char* __restrict__ scratch,
                                                Resampling r, int64 count) {
                const Table depth(r, scratch, 0), height(r, scratch, 1), width(r, scratch, 2);
                const I deep = (I)r.input[0], high = (I)r.input[1], wide = (I)r.input[2];
                APUS_LOOP(i, count) {
                    const Place o = place(i, r.output, r.outputMagic);
                    const I d0 = R < 3 ? 0 : (I)depth.first[o.at[0]], dn = R < 3 ? 1 : (I)depth.count[o.at[0]];
                    const I h0 = R < 2 ? 0 : (I)height.first[o.at[1]], hn = R < 2 ? 1 : (I)height.count[o.at[1]];
                    const I w0 = (I)width.first[o.at[2]], wn = (I)width.count[o.at[2]];
                    const T *dw = depth.weights + o.at[0] * (I)depth.taps, *hw = height.weights + o.at[1] * (I)height.taps,
                            *ww = width.weights + o.at[2] * (I)width.taps;
                    const T* const plane = x + o.plane * deep * high * wide;
                    T sum = 0;
                    for (I d = 0; d < dn; d++) {
                        T layer = 0;
                        for (I h = 0; h < hn; h++) {
                            const T* const row = plane + (clamped(d0 + d, deep) * high + clamped(h0 + h, high)) * wide;
                            T part = 0;
                            for (I w = 0; w < wn; w++) part += ww[w] * row[clamped(w0 + w, wide)];
                            layer += R < 2 ? part : hw[h] * part;
                        }
                        sum += R < 3 ? layer : dw[d] * layer;
                    }
                    y[i] = sum;
                }
            }

            // The weight of an element in a position of the result.
            __device__ inline T weight(const Table& table, I position, I element) {
                const I first = (I)table.first[position], count = (I)table.count[position], tap = element - first;
                const T* const weights = table.weights + position * (I)table.taps;
                // The ends stand for all that lies beyond them, too.
                T sum = 0;
                if (element == 0)
                    for (I t = 0; t < count && t < tap; t++) sum += weights[t];
                if (tap >= 0 && tap < count) sum += weights[tap];
                if (element == (I)table.input - 1)
                    for (I t = tap < -1 ? 0 : tap + 1; t < count; t++) sum += weights[t];
                return sum;
            }

            extern "C" __global__ void resample_gradient(const T* __restrict__ dy, T* __restrict__ dx,
                                                         char* __restrict__ scratch, Resampling r, int64 count) {
                const Table depth(r, scratch, 0), height(r, scratch, 1), width(r, scratch, 2);
                const I deep = (I)r.output[0], high = (I)r.output[1], wide = (I)r.output[2];
                APUS_LOOP(i, count) {
                    const Place p = place(i, r.input, r.inputMagic);
                    const I d0 = R < 3 ? 0 : (I)depth.begin[p.at[0]], dn = R < 3 ? 1 : (I)depth.end[p.at[0]];
                    const I h0 = R < 2 ? 0 : (I)height.begin[p.at[1]], hn = R < 2 ? 1 : (I)height.end[p.at[1]];
                    const I w0 = (I)width.begin[p.at[2]], wn = (I)width.end[p.at[2]];
                    const T* const plane = dy + p.plane * deep * high * wide;
                    T sum = 0;
                    for (I d = d0; d < dn; d++) {
                        T layer = 0;
                        for (I h = h0; h < hn; h++) {
                            const T* const row = plane + (d * high + h) * wide;
                            T part = 0;
                            for (I w = w0; w < wn; w++) part += weight(width, w, p.at[2]) * row[w];
                            layer += R < 2 ? part : weight(height, h, p.at[1]) * part;
                        }
                        sum += R < 3 ? layer : weight(depth, d, p.at[0]) * layer;
                    }
                    dx[i] = sum;
                }
            }
            """)
}
