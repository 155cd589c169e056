extension KernelSource {
    /// `T`: the type of the elements; `V`: how many of them are read at once; `I`: the type of indices.
    ///
    /// A channel of [N, C, …] is N planes, read in packs of `V` elements. Its packs are cut into `blocks` chunks, one for
    /// each block of the grid; neighbouring blocks have the same chunk of neighbouring channels, so that the whole GPU
    /// works on memory that lies together.
    static let batchNormalization = KernelSource(
        name: "batch_normalization",
        code: KernelDivision.code + """
            struct alignas(V * sizeof(T)) Pack { T at[V]; };

            // The packs of a channel that one block computes.
            struct Chunk {
                I channel, begin, end, plane, start, skip;
                int64 divisor, magic;

                __device__ Chunk(int64 block, int64 channels, int64 planes, int64 packs, int64 magic, int64 size)
                    : divisor(packs), magic(magic) {
                    const I part = (I)(block / channels), all = (I)(planes * packs);
                    channel = (I)(block - part * channels);
                    plane = (I)packs;
                    start = channel * plane;
                    skip = (I)(channels - 1) * plane;
                    begin = part * (I)size;
                    end = all - begin < (I)size ? all : begin + (I)size;
                }

                // Where a pack of the channel lies.
                __device__ I operator()(I pack) const { return start + pack + apus_divide(pack, divisor, magic) * skip; }
            };

            // The mean of some elements less a number that all of the channel share, and the sum of the squared
            // deviations from it.
            struct Moments { T count, mean, squares; };

            // Of Chan et al. (1983). It gives the same bits for both orders, so that all threads agree on the result.
            struct Combine {
                __device__ Moments operator()(Moments a, Moments b) const {
                    const T count = a.count + b.count, share = count > T(0) ? T(1) / count : T(0);
                    const T difference = a.mean - b.mean;
                    return {count, (a.count * a.mean + b.count * b.mean) * share,
                            (a.squares + b.squares) + difference * difference * (a.count * b.count * share)};
                }
            };

            __device__ inline Moments exchanged(Moments value, int distance) {
                return {__shfl_xor_sync(0xffffffffu, value.count, distance),
                        __shfl_xor_sync(0xffffffffu, value.mean, distance),
                        __shfl_xor_sync(0xffffffffu, value.squares, distance)};
            }

            // Every thread gets the moments of all threads' elements.
            __device__ inline Moments of_block(Moments value) {
                __shared__ Moments partial[32];
                const Combine combine;
                for (int distance = 16; distance > 0; distance /= 2)
                    value = combine(value, exchanged(value, distance));
                const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
                if (lane == 0) partial[warp] = value;
                __syncthreads();
                value = lane < blockDim.x / 32 ? partial[lane] : Moments{T(0), T(0), T(0)};
                for (int distance = 16; distance > 0; distance /= 2)
                    value = combine(value, exchanged(value, distance));
                return value;
            }

            // Each thread sums deviations from its first element, which are about as large as the standard deviation, so
            // that little is lost when the mean is subtracted.
            __device__ inline Moments moments(const Pack* __restrict__ x, const Chunk& chunk, T origin) {
                I pack = chunk.begin + (I)threadIdx.x;
                if (pack >= chunk.end) return {T(0), T(0), T(0)};
                const T first = x[chunk(pack)].at[0] - origin;
                T sum = 0, squares = 0;
                int taken = 0;
                #pragma unroll 4
                for (; pack < chunk.end; pack += (I)blockDim.x) {
                    const Pack p = x[chunk(pack)];
                    for (int v = 0; v < V; v++) {
                        const T deviation = (p.at[v] - origin) - first;
                        sum += deviation;
                        squares = fma(deviation, deviation, squares);
                    }
                    taken++;
                }
                const T count = (T)taken * V, rest = squares - sum * (sum / count);
                return {count, first + sum / count, rest < T(0) ? T(0) : rest};
            }

            // y = (x - origin - mean) · scale + shift, then the addend and ReLU where they are asked for. y may lie where x
            // does.
            __device__ inline void normalize(const Pack* x, const Pack* addend, Pack* y, const Chunk& chunk, T origin, T mean,
                                             T scale, T shift, bool relu) {
                #pragma unroll 4
                for (I pack = chunk.begin + (I)threadIdx.x; pack < chunk.end; pack += (I)blockDim.x) {
                    const I place = chunk(pack);
                    Pack p = x[place];
                    for (int v = 0; v < V; v++) p.at[v] = fma((p.at[v] - origin) - mean, scale, shift);
                    if (addend) {
                        const Pack other = addend[place];
                        for (int v = 0; v < V; v++) p.at[v] += other.at[v];
                    }
                    if (relu)
                        for (int v = 0; v < V; v++) p.at[v] = p.at[v] < T(0) ? T(0) : p.at[v];
                    y[place] = p;
                }
            }

            // Normalises a chunk by the moments of its channel, which the first chunk's block writes down.
            __device__ inline void finish(const Pack* __restrict__ x, const T* gamma, const T* beta,
                                          const Pack* __restrict__ addend, Pack* __restrict__ y, T* mean, T* variance,
                                          T* inverse, const Chunk& chunk, Moments all, T origin, double epsilon,
                                          double count, bool relu) {
                const T spread = (T)(all.squares / (T)count), factor = T(1) / sqrt(spread + (T)epsilon);
                if (chunk.begin == 0 && threadIdx.x == 0) {
                    mean[chunk.channel] = origin + all.mean;
                    variance[chunk.channel] = spread;
                    inverse[chunk.channel] = factor;
                }
                const T scale = gamma ? factor * gamma[chunk.channel] : factor;
                const T shift = beta ? beta[chunk.channel] : T(0);
                normalize(x, addend, y, chunk, origin, all.mean, scale, shift, relu);
            }

            #define CHUNK_PARAMETERS int64 channels, int64 planes, int64 packs, int64 magic, int64 size
            #define CHUNK(block) const Chunk chunk((block), channels, planes, packs, magic, size)

            #define FORWARD_PARAMETERS                                                                                  \\
                const Pack* __restrict__ x, const T* __restrict__ gamma, const T* __restrict__ beta,                    \\
                    const Pack* __restrict__ addend, Pack* __restrict__ y, T* __restrict__ mean,                        \\
                    T* __restrict__ variance, T* __restrict__ inverse, double epsilon, int64 relu

            // One block for each channel.
            extern "C" __global__ void __launch_bounds__(1024) batch_norm(FORWARD_PARAMETERS, CHUNK_PARAMETERS) {
                CHUNK(blockIdx.x);
                const T origin = x[chunk.start].at[0];
                const Moments all = of_block(moments(x, chunk, origin));
                const double count = (double)planes * packs * V;
                finish(x, gamma, beta, addend, y, mean, variance, inverse, chunk, all, origin, epsilon, count, relu);
            }

            // The moments of each chunk.
            extern "C" __global__ void batch_norm_moments(const Pack* __restrict__ x, Moments* __restrict__ partial,
                                                          CHUNK_PARAMETERS) {
                CHUNK(blockIdx.x);
                const Moments all = of_block(moments(x, chunk, x[chunk.start].at[0]));
                if (threadIdx.x == 0) partial[blockIdx.x] = all;
            }

            // The rest, by as many blocks: at most one chunk of a channel for each thread. It begins where the moments
            // ended, in memory that is still in the cache.
            extern "C" __global__ void batch_norm_finish(FORWARD_PARAMETERS, const Moments* __restrict__ partial,
                                                         int64 blocks, CHUNK_PARAMETERS) {
                CHUNK(gridDim.x - 1 - blockIdx.x);
                Moments all = {T(0), T(0), T(0)};
                if (threadIdx.x < blocks) all = partial[threadIdx.x * channels + chunk.channel];
                all = of_block(all);
                const T origin = x[chunk.start].at[0];
                const double count = (double)planes * packs * V;
                finish(x, gamma, beta, addend, y, mean, variance, inverse, chunk, all, origin, epsilon, count, relu);
            }

            // y may lie where x does.
            extern "C" __global__ void __launch_bounds__(1024)
            channel_norm(const Pack* x, const T* mean, const T* inverse, const T* gamma, const T* beta, Pack* y,
                         CHUNK_PARAMETERS) {
                CHUNK(blockIdx.x);
                const T scale = inverse[chunk.channel] * gamma[chunk.channel];
                normalize(x, nullptr, y, chunk, mean[chunk.channel], T(0), scale, beta[chunk.channel], false);
            }

            // The sum of dy, and that of dy · (x - mean).
            struct Sums { T dy, product; };

            __device__ inline Sums of_block(Sums value) {
                return {apus_block_sum(value.dy), apus_block_sum(value.product)};
            }

            // dy counts where the result of ReLU is above 0.
            __device__ inline Pack masked(Pack dy, const Pack* __restrict__ result, I place) {
                if (result) {
                    const Pack y = result[place];
                    for (int v = 0; v < V; v++) dy.at[v] = y.at[v] > T(0) ? dy.at[v] : T(0);
                }
                return dy;
            }

            __device__ inline Sums sums(const Pack* __restrict__ dy, const Pack* __restrict__ x,
                                        const Pack* __restrict__ result, const Chunk& chunk, T mean) {
                Sums sums = {T(0), T(0)};
                #pragma unroll 4
                for (I pack = chunk.begin + (I)threadIdx.x; pack < chunk.end; pack += (I)blockDim.x) {
                    const I place = chunk(pack);
                    const Pack g = masked(dy[place], result, place), p = x[place];
                    for (int v = 0; v < V; v++) {
                        sums.dy += g.at[v];
                        sums.product = fma(g.at[v], p.at[v] - mean, sums.product);
                    }
                }
                return sums;
            }

            // dx = γ · inverse · (dy - mean(dy) - x̂ · mean(dy · x̂)), or without the means.
            __device__ inline void finish(const Pack* __restrict__ dy, const Pack* __restrict__ x,
                                          const Pack* __restrict__ result, Pack* __restrict__ dx, T* dGamma, T* dBeta,
                                          const Chunk& chunk, Sums all, T mean, T inverse, T gamma, double count,
                                          bool batch) {
                if (chunk.begin == 0 && threadIdx.x == 0) {
                    dGamma[chunk.channel] = all.product * inverse;
                    dBeta[chunk.channel] = all.dy;
                }
                const T scale = gamma * inverse;
                const T offset = batch ? all.dy / (T)count : T(0);
                const T slope = batch ? inverse * inverse * (all.product / (T)count) : T(0);
                #pragma unroll 4
                for (I pack = chunk.begin + (I)threadIdx.x; pack < chunk.end; pack += (I)blockDim.x) {
                    const I place = chunk(pack);
                    Pack g = masked(dy[place], result, place);
                    if (batch) {
                        const Pack p = x[place];
                        for (int v = 0; v < V; v++) g.at[v] = fma(mean - p.at[v], slope, g.at[v] - offset);
                    }
                    for (int v = 0; v < V; v++) g.at[v] *= scale;
                    dx[place] = g;
                }
            }

            #define GRADIENT_PARAMETERS                                                                                 \\
                const Pack* __restrict__ dy, const Pack* __restrict__ x, const T* __restrict__ mean,                    \\
                    const T* __restrict__ inverse, const T* __restrict__ gamma, const Pack* __restrict__ result,        \\
                    Pack* __restrict__ dx, T* __restrict__ dGamma, T* __restrict__ dBeta, int64 batch

            // One block for each channel.
            extern "C" __global__ void __launch_bounds__(1024) batch_norm_gradient(GRADIENT_PARAMETERS, CHUNK_PARAMETERS) {
                CHUNK(blockIdx.x);
                const I c = chunk.channel;
                const Sums all = of_block(sums(dy, x, result, chunk, mean[c]));
                const double count = (double)planes * packs * V;
                finish(dy, x, result, dx, dGamma, dBeta, chunk, all, mean[c], inverse[c], gamma[c], count, batch);
            }

            // The sums of each chunk.
            extern "C" __global__ void batch_norm_gradient_sums(const Pack* __restrict__ dy, const Pack* __restrict__ x,
                                                                const T* __restrict__ mean,
                                                                const Pack* __restrict__ result,
                                                                Sums* __restrict__ partial, CHUNK_PARAMETERS) {
                CHUNK(blockIdx.x);
                const Sums all = of_block(sums(dy, x, result, chunk, mean[chunk.channel]));
                if (threadIdx.x == 0) partial[blockIdx.x] = all;
            }

            // The rest, by as many blocks, from the end of the memory to its beginning.
            extern "C" __global__ void batch_norm_gradient_finish(GRADIENT_PARAMETERS, const Sums* __restrict__ partial,
                                                                  int64 blocks, CHUNK_PARAMETERS) {
                CHUNK(gridDim.x - 1 - blockIdx.x);
                const I c = chunk.channel;
                Sums all = {T(0), T(0)};
                if (threadIdx.x < blocks) all = partial[threadIdx.x * channels + c];
                all = of_block(all);
                const double count = (double)planes * packs * V;
                finish(dy, x, result, dx, dGamma, dBeta, chunk, all, mean[c], inverse[c], gamma[c], count, batch);
            }
            """)
}
