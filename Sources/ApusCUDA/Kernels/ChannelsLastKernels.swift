extension KernelSource {
    /// Sums over each channel of [N, H, W, C], and what is done to all elements of a channel alike: batch norm, biases.
    ///
    /// `V`: how many neighbouring channels a thread computes, a power of 2 that divides C; `I`: an unsigned type that
    /// holds the number of elements. As what tensors are kept, `float`, `BFloat16` or `Float16`: `X`: x; `G`: dy; `Z`: what is added
    /// in the forward pass, and the result of ReLU in the backward pass; `Y`: the result.
    static let channelsLast = KernelSource(
        name: "channels_last",
        code: KernelHalf.code + """
            template <typename E> struct alignas(V * sizeof(E) < 16 ? V * sizeof(E) : 16) Pack { E at[V]; };

            template <typename E> __device__ inline void load(float (&values)[V], const E* from, I pack) {
                const Pack<E> read = ((const Pack<E>*)from)[pack];
                #pragma unroll
                for (int v = 0; v < V; v++) values[v] = apus_number(read.at[v]);
            }

            template <typename E> __device__ inline void store(const float (&values)[V], E* to, I pack) {
                Pack<E> written;
                #pragma unroll
                for (int v = 0; v < V; v++) apus_set(written.at[v], values[v]);
                ((Pack<E>*)to)[pack] = written;
            }

            // Blocks along x have packs of channels side by side, those along y chunks of rows; so have a block's 256
            // threads.
            struct Part {
                I pack, packs, channel, begin, end, step;

                __device__ Part(int64 rows, int64 packCount, int64 size) {
                    packs = (I)packCount;
                    pack = blockIdx.x * blockDim.x + threadIdx.x;
                    channel = pack * V;
                    const I first = blockIdx.y * (I)size, last = first + (I)size < (I)rows ? first + (I)size : (I)rows;
                    step = blockDim.y;
                    begin = first + threadIdx.y;
                    // Beyond the last channel there is nothing to do.
                    end = pack < packs ? last : 0;
                }
            };
            #define PART_PARAMETERS int64 rows, int64 packs, int64 size
            #define PART const Part part(rows, packs, size)

            __device__ inline float at(const float* values, I channel, float missing) {
                return values ? values[channel] : missing;
            }

            // Combines what the threads of a block that lie below each other have, in a fixed order; the first of them gets
            // the result. `all` has a place for each thread.
            template <typename N, typename Combine>
            __device__ inline N below(N value, N* all, Combine combine) {
                const int place = threadIdx.y * blockDim.x + threadIdx.x;
                __syncthreads();
                all[place] = value;
                for (int half = blockDim.y / 2; half > 0; half /= 2) {
                    __syncthreads();
                    if (threadIdx.y < half) {
                        value = combine(value, all[place + half * blockDim.x]);
                        all[place] = value;
                    }
                }
                return value;
            }

            // The mean of some elements, and the sum of the squared deviations from it.
            struct Moments { float count, mean, squares; };

            // Of Chan et al. (1983).
            struct CombineMoments {
                __device__ Moments operator()(Moments a, Moments b) const {
                    const float count = a.count + b.count, share = count > 0.0f ? b.count / count : 0.0f;
                    const float difference = b.mean - a.mean;
                    return {count, fmaf(difference, share, a.mean),
                            (a.squares + b.squares) + difference * difference * (a.count * share)};
                }
            };

            // The moments of each channel in each chunk of rows. A thread sums deviations from its first element, which are
            // about as large as the standard deviation, so that little is lost when the mean is subtracted.
            extern "C" __global__ void moments(const X* __restrict__ x, Moments* __restrict__ partial, PART_PARAMETERS) {
                __shared__ Moments all[256];
                PART;
                float first[V], sum[V], squares[V];
                for (int v = 0; v < V; v++) first[v] = sum[v] = squares[v] = 0.0f;
                if (part.begin < part.end) load(first, x, part.begin * part.packs + part.pack);
                int taken = 0;
                #pragma unroll 4
                for (I row = part.begin; row < part.end; row += part.step) {
                    float values[V];
                    load(values, x, row * part.packs + part.pack);
                    #pragma unroll
                    for (int v = 0; v < V; v++) {
                        const float deviation = values[v] - first[v];
                        sum[v] += deviation;
                        squares[v] = fmaf(deviation, deviation, squares[v]);
                    }
                    taken++;
                }
                const float count = (float)taken, divisor = taken > 0 ? count : 1.0f;
                #pragma unroll
                for (int v = 0; v < V; v++) {
                    const float mean = sum[v] / divisor, rest = squares[v] - sum[v] * mean;
                    const Moments own = {count, first[v] + mean, rest < 0.0f ? 0.0f : rest};
                    const Moments total = below(own, all, CombineMoments());
                    if (threadIdx.y == 0 && part.pack < part.packs)
                        partial[blockIdx.y * (part.packs * V) + part.channel + v] = total;
                }
            }

            // A thread's part of the chunks, which are then combined: 32 channels of 32 threads each.
            template <typename N, typename Combine>
            __device__ inline N of_chunks(const N* __restrict__ partial, int64 chunks, int64 channels, N none, N* all,
                                          Combine combine) {
                const I channel = blockIdx.x * 32 + threadIdx.x;
                N value = none;
                if (channel < (I)channels) {
                    #pragma unroll 4
                    for (I chunk = threadIdx.y; chunk < (I)chunks; chunk += 32)
                        value = combine(value, partial[chunk * (I)channels + channel]);
                }
                return below(value, all, combine);
            }

            extern "C" __global__ void moments_combine(const Moments* __restrict__ partial, float* __restrict__ mean,
                                                       float* __restrict__ variance, float* __restrict__ inverse,
                                                       int64 chunks, int64 channels, double epsilon) {
                __shared__ Moments all[1024];
                const Moments none = {0.0f, 0.0f, 0.0f};
                const Moments total = of_chunks(partial, chunks, channels, none, all, CombineMoments());
                const I channel = blockIdx.x * 32 + threadIdx.x;
                if (threadIdx.y > 0 || channel >= (I)channels) return;
                const float spread = total.squares / total.count;
                mean[channel] = total.mean;
                variance[channel] = spread;
                inverse[channel] = 1.0f / sqrtf(spread + (float)epsilon);
            }

            // The activations are 0: none, 1: relu, 2: sigmoid, 3: tanh. NaN passes through each of them.
            __device__ inline float activate(float value, int64 activation) {
                if (activation == 1) return value < 0.0f ? 0.0f : value;
                if (activation == 2) return 1.0f / (1.0f + expf(-value));
                if (activation == 3) return tanhf(value);
                return value;
            }

            // y = activation((x - mean) · inverse · gamma + beta + addend); each of them may be missing. y may lie where x
            // does.
            extern "C" __global__ void apply(const X* x, const float* __restrict__ mean, const float* __restrict__ inverse,
                                             const float* __restrict__ gamma, const float* __restrict__ beta,
                                             const Z* addend, Y* y, int64 activation, PART_PARAMETERS) {
                PART;
                if (part.begin >= part.end) return;
                float center[V], scale[V], shift[V];
                #pragma unroll
                for (int v = 0; v < V; v++) {
                    center[v] = at(mean, part.channel + v, 0.0f);
                    scale[v] = at(inverse, part.channel + v, 1.0f) * at(gamma, part.channel + v, 1.0f);
                    shift[v] = at(beta, part.channel + v, 0.0f);
                }
                #pragma unroll 2
                for (I row = part.begin; row < part.end; row += part.step) {
                    const I pack = row * part.packs + part.pack;
                    float values[V];
                    load(values, x, pack);
                    #pragma unroll
                    for (int v = 0; v < V; v++) values[v] = fmaf(values[v] - center[v], scale[v], shift[v]);
                    if (addend) {
                        float others[V];
                        load(others, addend, pack);
                        #pragma unroll
                        for (int v = 0; v < V; v++) values[v] += others[v];
                    }
                    #pragma unroll
                    for (int v = 0; v < V; v++) values[v] = activate(values[v], activation);
                    store(values, y, pack);
                }
            }

            // The sum of dy, and that of dy · (x - mean).
            struct Sums { float dy, product; };
            struct AddSums {
                __device__ Sums operator()(Sums a, Sums b) const { return {a.dy + b.dy, a.product + b.product}; }
            };

            // dy counts where the result of ReLU is above 0.
            __device__ inline void load_masked(float (&values)[V], const G* __restrict__ dy, const Z* __restrict__ result,
                                               I pack) {
                load(values, dy, pack);
                if (result) {
                    float y[V];
                    load(y, result, pack);
                    #pragma unroll
                    for (int v = 0; v < V; v++) values[v] = y[v] > 0.0f ? values[v] : 0.0f;
                }
            }

            // The sums of each channel in each chunk of rows; without x those of dy alone.
            extern "C" __global__ void sums(const G* __restrict__ dy, const X* __restrict__ x,
                                            const float* __restrict__ mean, const Z* __restrict__ result,
                                            Sums* __restrict__ partial, PART_PARAMETERS) {
                __shared__ Sums all[256];
                PART;
                float center[V], sum[V], product[V];
                #pragma unroll
                for (int v = 0; v < V; v++) {
                    center[v] = part.pack < part.packs ? at(mean, part.channel + v, 0.0f) : 0.0f;
                    sum[v] = product[v] = 0.0f;
                }
                #pragma unroll 4
                for (I row = part.begin; row < part.end; row += part.step) {
                    const I pack = row * part.packs + part.pack;
                    float g[V], values[V];
                    load_masked(g, dy, result, pack);
                    if (x) load(values, x, pack);
                    #pragma unroll
                    for (int v = 0; v < V; v++) {
                        sum[v] += g[v];
                        if (x) product[v] = fmaf(g[v], values[v] - center[v], product[v]);
                    }
                }
                #pragma unroll
                for (int v = 0; v < V; v++) {
                    const Sums own = {sum[v], product[v]};
                    const Sums total = below(own, all, AddSums());
                    if (threadIdx.y == 0 && part.pack < part.packs)
                        partial[blockIdx.y * (part.packs * V) + part.channel + v] = total;
                }
            }

            // Without dGamma the sums of dy alone.
            extern "C" __global__ void sums_combine(const Sums* __restrict__ partial, const float* __restrict__ inverse,
                                                    float* __restrict__ dGamma, float* __restrict__ dBeta, int64 chunks,
                                                    int64 channels) {
                __shared__ Sums all[1024];
                const Sums none = {0.0f, 0.0f};
                const Sums total = of_chunks(partial, chunks, channels, none, all, AddSums());
                const I channel = blockIdx.x * 32 + threadIdx.x;
                if (threadIdx.y > 0 || channel >= (I)channels) return;
                if (dGamma) dGamma[channel] = total.product * inverse[channel];
                dBeta[channel] = total.dy;
            }

            // dx = gamma · inverse · (dy - mean(dy) - x̂ · mean(dy · x̂)), or without the means.
            extern "C" __global__ void gradient(const G* __restrict__ dy, const X* __restrict__ x,
                                                const float* __restrict__ mean, const float* __restrict__ inverse,
                                                const float* __restrict__ gamma, const Z* __restrict__ result,
                                                Y* __restrict__ dx, const float* __restrict__ dGamma,
                                                const float* __restrict__ dBeta, int64 batch, PART_PARAMETERS) {
                PART;
                if (part.begin >= part.end) return;
                const float count = (float)rows;
                float center[V], scale[V], offset[V], slope[V];
                #pragma unroll
                for (int v = 0; v < V; v++) {
                    const I channel = part.channel + v;
                    center[v] = mean[channel];
                    scale[v] = gamma[channel] * inverse[channel];
                    offset[v] = batch ? dBeta[channel] / count : 0.0f;
                    slope[v] = batch ? inverse[channel] * (dGamma[channel] / count) : 0.0f;
                }
                #pragma unroll 2
                for (I row = part.begin; row < part.end; row += part.step) {
                    const I pack = row * part.packs + part.pack;
                    float g[V];
                    load_masked(g, dy, result, pack);
                    if (batch) {
                        float values[V];
                        load(values, x, pack);
                        #pragma unroll
                        for (int v = 0; v < V; v++) g[v] = fmaf(center[v] - values[v], slope[v], g[v] - offset[v]);
                    }
                    #pragma unroll
                    for (int v = 0; v < V; v++) g[v] *= scale[v];
                    store(g, dx, pack);
                }
            }
            """)
}
