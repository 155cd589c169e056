/// A small C interface over oneDNN 2.5 and later, 3.x included, and over the OpenMP thread pool that oneDNN runs on.
///
/// oneDNN's two major versions differ in their C interface: 2.x describes an operation by a public structure that is
/// turned into a primitive descriptor, 3.x has opaque descriptors only. This header shows neither; which one is used is
/// decided when the shim is compiled, by the installed headers.
///
/// Conventions, valid for every function unless it says otherwise:
/// - Handles are opaque, made by one function and released by its `_free`. Nothing is shared between two handles.
/// - A function that makes a handle returns NULL on failure, a function that returns `int` a non-zero value;
///   `apus_onednn_last_error()` then tells which operation failed, in which oneDNN function, with which status.
/// - Every primitive is made for the CPU and with a scratchpad that the caller provides (`apus_onednn_execute`).
/// - Descriptors may be made any number of times and from any thread; primitives are executed from one thread only.
/// - Sizes and strides are given outermost dimension first, strides in elements, byte counts in bytes.
#ifndef APUS_CONEDNN_H
#define APUS_CONEDNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
/// Tells Swift that the enumeration has no cases beyond those listed.
#define APUS_CLOSED_ENUM __attribute__((enum_extensibility(closed)))
/// Marks a callback that is called from other threads: Swift then takes no closure that is bound to an actor.
#define APUS_SENDABLE __attribute__((swift_attr("@Sendable")))
/// Tells Swift that the enumeration is a set of bits.
#define APUS_FLAG_ENUM __attribute__((flag_enum, enum_extensibility(open)))
#pragma clang assume_nonnull begin
#else
#define APUS_CLOSED_ENUM
#define APUS_FLAG_ENUM
#define APUS_SENDABLE
#define _Nullable
#define _Nonnull
#endif

#ifdef __cplusplus
extern "C" {
#endif

// MARK: - Library

/// The message of the last failure on the calling thread, such as
/// "convolution forward: dnnl_primitive_desc_create: unimplemented"; an empty string if nothing failed yet.
/// Valid until the next failure on the same thread.
const char *apus_onednn_last_error(void);

/// The version of the oneDNN library that runs (not of the headers that the shim was compiled with).
void apus_onednn_version(int *major, int *minor, int *patch);

/// The instruction set that oneDNN generates code for: "sse41", "avx", "avx2", "avx2_vnni", "avx512_core",
/// "avx512_core_vnni", "avx512_core_bf16", "avx512_core_fp16", "avx512_core_amx", or "default" off x86.
///
/// Asking fixes the choice: `apus_onednn_set_max_isa` fails afterwards.
const char *apus_onednn_cpu_isa(void);

/// Limits the instruction set of oneDNN's generated code; to be called before anything else of this header.
///
/// @param name "avx512" (with its VNNI and bfloat16 extensions, without AMX), "avx2" or "baseline" (SSE 4.1, the least
///     that oneDNN generates code for).
/// @returns 0, or non-zero for an unknown name, or if oneDNN has been used already.
int apus_onednn_set_max_isa(const char *name);

/// Whether oneDNN was built for OpenMP and so shares the pool of `apus_parallel_for`; if not (a build on TBB, say),
/// its threads and ours compete for the same CPUs.
bool apus_onednn_uses_openmp(void);

// MARK: - Memory descriptors

/// The type of the elements of a memory.
typedef enum APUS_CLOSED_ENUM ApusOneDNNDataType {
    ApusOneDNNDataTypeFloat32 = 0,
    ApusOneDNNDataTypeBFloat16 = 1,
    ApusOneDNNDataTypeInt32 = 2,
    ApusOneDNNDataTypeUInt8 = 3,
    ApusOneDNNDataTypeInt8 = 4,
} ApusOneDNNDataType;

/// How a descriptor lays out its elements.
typedef enum APUS_CLOSED_ENUM ApusLayoutKind {
    /// Left to oneDNN: only for making primitives, which then tell the layout that they chose.
    ApusLayoutKindAny = 0,
    /// Strides per dimension, with or without inner blocks (row-major, channels-last, `aBcd16b`).
    ApusLayoutKindBlocked = 1,
    /// Known to oneDNN alone, such as weights transformed for Winograd; only a reorder reads it.
    ApusLayoutKindOpaque = 2,
} ApusLayoutKind;

/// The largest rank of a descriptor.
#define APUS_MAXIMUM_RANK 12

/// Shape, element type and physical layout of a memory.
typedef struct ApusMemoryDescriptor ApusMemoryDescriptor;

/// A descriptor with strides.
///
/// @param rank 1 to `APUS_MAXIMUM_RANK`.
/// @param dimensions `rank` sizes.
/// @param strides `rank` strides in elements; NULL for row-major. Transposed views, channels-last and PyTorch's
///     [in, out, h, w] weights of transposed convolutions are expressed here.
ApusMemoryDescriptor *_Nullable apus_memory_descriptor_create(int rank, const int64_t *dimensions,
    const int64_t *_Nullable strides, ApusOneDNNDataType type);

/// A descriptor whose layout the primitive chooses (`format_tag::any`): the way to oneDNN's fast paths.
ApusMemoryDescriptor *_Nullable apus_memory_descriptor_create_any(int rank, const int64_t *dimensions,
    ApusOneDNNDataType type);

/// A descriptor of a vector of `count` elements, as biases and the statistics of batch normalization have.
ApusMemoryDescriptor *_Nullable apus_memory_descriptor_create_vector(int64_t count, ApusOneDNNDataType type);

/// A descriptor [N, C, spatial…] with channels in blocks of 4, 8 or 16, innermost (`nChw16c` for rank 4); the channels
/// are padded with zeros to a multiple of the block.
///
/// @param rank 3 to 5.
ApusMemoryDescriptor *_Nullable apus_memory_descriptor_create_channel_blocked(int rank, const int64_t *dimensions,
    int block, ApusOneDNNDataType type);

/// An independent copy.
ApusMemoryDescriptor *_Nullable apus_memory_descriptor_clone(const ApusMemoryDescriptor *descriptor);

/// Releases a descriptor; NULL is allowed.
void apus_memory_descriptor_free(ApusMemoryDescriptor *_Nullable descriptor);

/// Whether two descriptors describe the same memory. Strides of dimensions of size 1 do not count.
bool apus_memory_descriptor_equal(const ApusMemoryDescriptor *left, const ApusMemoryDescriptor *right);

/// The bytes that a memory of this descriptor occupies, padding included; 0 for `any`.
size_t apus_memory_descriptor_bytes(const ApusMemoryDescriptor *descriptor);

/// The number of dimensions.
int apus_memory_descriptor_rank(const ApusMemoryDescriptor *descriptor);

/// Copies the logical sizes, `rank` of them, into `dimensions`.
void apus_memory_descriptor_dimensions(const ApusMemoryDescriptor *descriptor, int64_t *dimensions);

/// How the elements are laid out.
ApusLayoutKind apus_memory_descriptor_kind(const ApusMemoryDescriptor *descriptor);

/// Whether the elements lie densely in row-major order from the first byte on.
bool apus_memory_descriptor_is_plain(const ApusMemoryDescriptor *descriptor);

/// Whether the elements lie densely with the channels (dimension 1) innermost: NHWC.
bool apus_memory_descriptor_is_channels_last(const ApusMemoryDescriptor *descriptor);

/// The block size of a dense layout [N, C/b, spatial…, b] (`nChw16c`: 16); 0 for every other layout.
int apus_memory_descriptor_channel_block(const ApusMemoryDescriptor *descriptor);

/// Whether the memory has room for more elements than the shape has (channels rounded up to a block).
///
/// oneDNN expects zeros there in its inputs and writes zeros there in its outputs; own kernels over such a layout must
/// do the same.
bool apus_memory_descriptor_has_padding(const ApusMemoryDescriptor *descriptor);

/// Writes a text that is the same exactly for equal descriptors.
///
/// It starts with the element type, the sizes and the layout in oneDNN's notation: "f32 2x3x8x8 aBcd16b …". The rest
/// makes it exact. Layouts known to oneDNN alone need oneDNN 2.x or at least 3.4.1 (older 3.x cannot tell them apart).
///
/// @param buffer receives at most `capacity` bytes, the terminating zero included.
/// @returns the length of the whole text without the terminating zero, as `snprintf` does; -1 on failure.
int apus_memory_descriptor_key(const ApusMemoryDescriptor *descriptor, char *_Nullable buffer, size_t capacity);

// MARK: - Primitives

/// An operation compiled for given shapes and layouts.
typedef struct ApusOneDNNPrimitive ApusOneDNNPrimitive;

/// Elementwise functions, after a primitive or of their own. `a` and `b` are the parameters `alpha` and `beta`.
typedef enum APUS_CLOSED_ENUM ApusOneDNNActivation {
    ApusOneDNNActivationNone = 0,
    ApusOneDNNActivationReLU = 1,        ///< x > 0 ? x : a·x; a = 0 for ReLU, the negative slope for LeakyReLU
    ApusOneDNNActivationSigmoid = 2,     ///< 1 / (1 + e^-x)
    ApusOneDNNActivationTanh = 3,        ///< tanh x
    ApusOneDNNActivationELU = 4,         ///< x > 0 ? x : a·(e^x - 1)
    ApusOneDNNActivationGELU = 5,        ///< x/2 · (1 + erf(x / √2)); PyTorch's default
    ApusOneDNNActivationGELUTanh = 6,    ///< the tanh approximation; PyTorch's approximate='tanh'
    ApusOneDNNActivationSwish = 7,       ///< x · sigmoid(a·x); a = 1 for SiLU
    ApusOneDNNActivationMish = 8,        ///< x · tanh(log(1 + e^x))
    ApusOneDNNActivationHardSwish = 9,   ///< x · min(max(x + 3, 0), 6) / 6
    ApusOneDNNActivationSoftplus = 10,   ///< log(1 + e^x)
    ApusOneDNNActivationLogSigmoid = 11, ///< log(1 / (1 + e^-x))
    ApusOneDNNActivationClip = 12,       ///< min(max(x, a), b); a = 0, b = 6 for ReLU6
    ApusOneDNNActivationLinear = 13,     ///< a·x + b
    ApusOneDNNActivationAbsolute = 14,   ///< |x|
    ApusOneDNNActivationSquare = 15,     ///< x²
    ApusOneDNNActivationSquareRoot = 16, ///< √x
    ApusOneDNNActivationExponential = 17, ///< e^x
    ApusOneDNNActivationLogarithm = 18,  ///< log x
} ApusOneDNNActivation;

/// What a primitive does with its result before it stores it: first the sum, then the activation.
///
/// dst = activation(result + sumScale·dst) with the sum, dst = activation(result) without. All zeros: nothing.
typedef struct ApusPostOperations {
    /// Whether the previous content of the destination is added.
    bool sum;
    /// The factor of the previous content, 1 as a rule.
    float sumScale;
    ApusOneDNNActivation activation;
    float alpha;
    float beta;
} ApusPostOperations;

/// How a convolution is computed.
typedef enum APUS_CLOSED_ENUM ApusConvolutionAlgorithm {
    ApusConvolutionAlgorithmDirect = 0,
    /// Winograd's F(4×4, 3×3): 3×3 kernels with stride 1; on x86 in oneDNN 2.x with AVX-512 only, and with no
    /// activation but ReLU. Refused (not replaced) everywhere else.
    ApusConvolutionAlgorithmWinograd = 1,
    /// oneDNN's own choice between the two; not available for transposed convolutions.
    ApusConvolutionAlgorithmAutomatic = 2,
} ApusConvolutionAlgorithm;

// Convolution and pooling take their window as four arrays with one entry per spatial dimension (rank - 2 of them):
// - stride, at least 1;
// - dilation as PyTorch counts it, where 1 is a dense window; NULL for all ones;
// - paddingBegin, the padding before the first element, at least 0;
// - paddingEnd, the padding after the last element, which may be negative where the last elements are not used.
// The output size is (size + paddingBegin + paddingEnd - dilation·(kernel - 1) - 1) / stride + 1, rounded down.

/// Convolution: dst = src ⋆ weights + bias, then the post-operations.
///
/// Shapes: src [N, C, spatial…], weights [O, C, kernel…] or, grouped, [G, O/G, C/G, kernel…], bias [O],
/// dst [N, O, spatial…], with 1 to 3 spatial dimensions. Arguments: source, weights, bias, destination.
///
/// @param training false lets oneDNN choose weights that are transformed ahead of time, which no backward pass reads.
ApusOneDNNPrimitive *_Nullable apus_onednn_convolution_forward(const ApusMemoryDescriptor *src,
    const ApusMemoryDescriptor *weights, const ApusMemoryDescriptor *_Nullable bias, const ApusMemoryDescriptor *dst,
    const int64_t *stride, const int64_t *_Nullable dilation,
    const int64_t *paddingBegin, const int64_t *paddingEnd,
    ApusConvolutionAlgorithm algorithm, bool training, ApusPostOperations postOperations);

/// Gradient of a convolution with respect to its source. Arguments: gradientDestination, weights, gradientSource.
ApusOneDNNPrimitive *_Nullable apus_onednn_convolution_backward_data(const ApusMemoryDescriptor *gradientSrc,
    const ApusMemoryDescriptor *weights, const ApusMemoryDescriptor *gradientDst,
    const int64_t *stride, const int64_t *_Nullable dilation,
    const int64_t *paddingBegin, const int64_t *paddingEnd,
    ApusConvolutionAlgorithm algorithm);

/// Gradient of a convolution with respect to its weights and, if a descriptor is given, its bias.
/// Arguments: source, gradientDestination, gradientWeights, gradientBias.
ApusOneDNNPrimitive *_Nullable apus_onednn_convolution_backward_weights(const ApusMemoryDescriptor *src,
    const ApusMemoryDescriptor *gradientWeights, const ApusMemoryDescriptor *_Nullable gradientBias,
    const ApusMemoryDescriptor *gradientDst, const int64_t *stride, const int64_t *_Nullable dilation,
    const int64_t *paddingBegin, const int64_t *paddingEnd,
    ApusConvolutionAlgorithm algorithm);

/// Matrix product: dst = src · weights + bias, then the post-operations.
///
/// Shapes: src […, M, K], weights […, K, N], dst […, M, N], of one rank, at least 2; leading dimensions of size 1 are
/// broadcast. A transposed operand is expressed by strides. bias is a vector [N], or has the rank of dst with sizes
/// that are 1 or those of dst. Arguments: source, weights, bias, destination.
ApusOneDNNPrimitive *_Nullable apus_onednn_matmul(const ApusMemoryDescriptor *src, const ApusMemoryDescriptor *weights,
    const ApusMemoryDescriptor *_Nullable bias, const ApusMemoryDescriptor *dst,
    ApusPostOperations postOperations);

/// Options of batch normalization, to be or-ed.
typedef enum APUS_FLAG_ENUM ApusBatchNormalizationOptions {
    /// Mean and variance are given (evaluation mode), not computed from the batch.
    ApusBatchNormalizationOptionsGlobalStatistics = 1,
    /// Multiplies by a scale [C].
    ApusBatchNormalizationOptionsScale = 2,
    /// Adds a shift [C].
    ApusBatchNormalizationOptionsShift = 4,
    /// Applies ReLU; in training its mask is kept in the workspace.
    ApusBatchNormalizationOptionsFusedReLU = 8,
} ApusBatchNormalizationOptions;

/// Batch normalization over [N, C, spatial…]: dst = (src - mean) / √(variance + epsilon) · scale + shift.
///
/// The variance is the biased one (divided by the number of elements). Arguments: source, destination, mean, variance
/// (written in training without global statistics, else read), scale, shift, and workspace with the fused ReLU in
/// training. In inference without global statistics mean and variance are computed and not stored.
ApusOneDNNPrimitive *_Nullable apus_onednn_batch_normalization_forward(const ApusMemoryDescriptor *data, float epsilon,
    ApusBatchNormalizationOptions options, bool training);

/// Gradient of batch normalization with respect to source, scale and shift.
///
/// Arguments: source, mean, variance, gradientDestination, gradientSource, and as the options say scale, shift (oneDNN
/// 2.x asks for it though it does not matter), gradientScale, gradientShift, workspace.
ApusOneDNNPrimitive *_Nullable apus_onednn_batch_normalization_backward(const ApusMemoryDescriptor *gradientData,
    const ApusMemoryDescriptor *data, float epsilon, ApusBatchNormalizationOptions options);

/// An elementwise function. Arguments: source, destination (which may be the same memory).
ApusOneDNNPrimitive *_Nullable apus_onednn_eltwise_forward(const ApusMemoryDescriptor *data,
    ApusOneDNNActivation activation, float alpha, float beta, bool training);

/// Copies from one layout or element type to another. Arguments: source, destination.
///
/// @param postOperations only the sum is allowed: it adds to the destination.
ApusOneDNNPrimitive *_Nullable apus_onednn_reorder(const ApusMemoryDescriptor *src, const ApusMemoryDescriptor *dst,
    ApusPostOperations postOperations);

/// dst = Σ scales[i]·src[i]. Arguments: source with index 0 to count - 1, destination.
///
/// @param dst NULL lets oneDNN choose the layout.
ApusOneDNNPrimitive *_Nullable apus_onednn_sum(int count, const ApusMemoryDescriptor *_Nonnull const *_Nonnull sources,
    const float *scales, const ApusMemoryDescriptor *_Nullable dst);

/// The function of a binary primitive.
typedef enum APUS_CLOSED_ENUM ApusBinary {
    ApusBinaryAdd = 0,
    ApusBinarySubtract = 1,
    ApusBinaryMultiply = 2,
    ApusBinaryDivide = 3,
    ApusBinaryMaximum = 4,
    ApusBinaryMinimum = 5,
} ApusBinary;

/// An elementwise function of two sources; sizes 1 of the second are broadcast. Arguments: source with index 0 and 1,
/// destination, which may be the first source.
///
/// @param postOperations refused on oneDNN 2.x for layouts in blocks of channels whose number is no multiple of 16:
///     it computes them wrongly.
ApusOneDNNPrimitive *_Nullable apus_onednn_binary(ApusBinary function, const ApusMemoryDescriptor *left,
    const ApusMemoryDescriptor *right, const ApusMemoryDescriptor *dst,
    ApusPostOperations postOperations);

/// Releases a primitive; NULL is allowed.
void apus_onednn_primitive_free(ApusOneDNNPrimitive *_Nullable primitive);

// MARK: - What a primitive asks for

/// The role of a memory in a primitive.
typedef enum APUS_CLOSED_ENUM ApusArgumentRole {
    ApusArgumentRoleSource = 0,
    ApusArgumentRoleWeights = 1,
    ApusArgumentRoleBias = 2,
    ApusArgumentRoleDestination = 3,
    ApusArgumentRoleGradientSource = 4,
    ApusArgumentRoleGradientWeights = 5,
    ApusArgumentRoleGradientBias = 6,
    ApusArgumentRoleGradientDestination = 7,
    ApusArgumentRoleMean = 8,
    ApusArgumentRoleVariance = 9,
    ApusArgumentRoleScale = 10,
    ApusArgumentRoleShift = 11,
    ApusArgumentRoleGradientScale = 12,
    ApusArgumentRoleGradientShift = 13,
    ApusArgumentRoleWorkspace = 14,
} ApusArgumentRole;

/// The descriptor that the primitive chose or was given for an argument: a new handle, to be freed by the caller.
///
/// @param index which of several sources (sum, binary), else 0.
/// @returns NULL if the primitive has no such argument.
ApusMemoryDescriptor *_Nullable apus_onednn_primitive_descriptor(const ApusOneDNNPrimitive *primitive,
    ApusArgumentRole role, int index);

/// The bytes of scratch memory that an execution needs.
size_t apus_onednn_primitive_scratch_bytes(const ApusOneDNNPrimitive *primitive);

/// oneDNN's name of the implementation, such as "jit:avx512_core" or "jit_wino_4x3:avx512_core". Lives as long as the
/// primitive.
const char *apus_onednn_primitive_implementation(const ApusOneDNNPrimitive *primitive);

/// Whether the implementation is oneDNN's unoptimised reference ("ref:any"), which is up to a thousand times slower.
bool apus_onednn_is_reference(const ApusOneDNNPrimitive *primitive);

// MARK: - Execution

/// A memory handed to a primitive.
typedef struct ApusArgument {
    ApusArgumentRole role;
    /// Which of several sources (sum, binary), else 0.
    int32_t index;
    /// The first byte; aligned to 64 bytes for full speed. NULL only for an empty tensor.
    void *_Nullable data;
} ApusArgument;

/// Runs a primitive and returns when it is done.
///
/// The shim allocates nothing once the primitive has been run with the same roles, and neither address nor content of
/// the memories matter for the cost. The padding of inputs must hold zeros (`apus_memory_descriptor_has_padding`).
///
/// @param scratch at least `apus_onednn_primitive_scratch_bytes` bytes, aligned to 64; may be shared by all primitives,
///     since they run one after another. NULL only if none are needed.
/// @returns 0, or non-zero if a memory is missing or oneDNN refuses.
int apus_onednn_execute(ApusOneDNNPrimitive *primitive, const ApusArgument *arguments, int count,
    void *_Nullable scratch);

// MARK: - Threads

/// Sets the number of threads of the regions that the calling thread starts, oneDNN's and those below; at least 1.
///
/// OpenMP keeps this number, and the pool itself, per calling thread. Primitives are planned for the number in force
/// when they are made.
void apus_set_threads(int count);

/// Ends the pool of the calling thread; a later region starts it again.
void apus_release_threads(void);

/// The number of threads of the regions that the calling thread starts.
int apus_threads(void);

/// Calls `body(context, task, thread)` once for each task from 0 to tasks - 1, on oneDNN's OpenMP pool, and waits.
///
/// Each thread gets one contiguous range of tasks that depends only on the numbers of tasks and threads; the calling
/// thread takes part as thread 0. Runs on the calling thread alone for one task, one thread, or within another region.
///
/// @param body must not throw, block on other threads, or belong to an actor.
void apus_parallel_for(int64_t tasks,
    void (*body)(void *_Nullable context, int64_t task, int thread) APUS_SENDABLE, void *_Nullable context);

/// Splits [0, count) into one contiguous range per thread and calls `body(context, begin, end, thread)` for each.
///
/// Ranges begin at multiples of `grain` (≥ 1), and there are no more of them than grains. They depend on the number of
/// threads: a sum whose bits must not uses `apus_parallel_for` over chunks of fixed size.
void apus_parallel_ranges(int64_t count, int64_t grain,
    void (*body)(void *_Nullable context, int64_t begin, int64_t end, int thread) APUS_SENDABLE,
    void *_Nullable context);

/// The number of CPUs that the process may use: those of its affinity mask, or the CPU quota of its control groups
/// (v1 or v2, rounded up) where that is smaller; at least 1.
int apus_available_cpus(void);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
