/// Pointwise programs: chains of elementwise float32 operations, run over cache-sized tiles.
#ifndef APUS_POINTWISE_H
#define APUS_POINTWISE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The most floats in one register of a program. Programs with many intermediate values take fewer at a time, so that
/// those stay in a first-level cache of 32 KiB.
#define APUS_POINTWISE_TILE 2048
/// The most registers, inputs included, that one program may use.
#define APUS_POINTWISE_MAX_REGISTERS 256
/// The most dimensions of a strided operand, after the caller has merged those that are contiguous to each other.
#define APUS_MAX_RANK 8

/// Element types of an operand in memory. Registers always hold float32.
typedef enum ApusDataType {
    ApusFloat32 = 0,
    ApusUInt8 = 1,
    ApusInt64 = 2,
    ApusBool = 3
} ApusDataType;

/// How the elements of an operand lie in memory.
typedef enum ApusOperandKind {
    /// Element i of the operand is element i of the iteration.
    ApusOperandContiguous = 0,
    /// One element, the same at each position (inputs only).
    ApusOperandScalar = 1,
    /// Element (i0, i1, …) lies at i0·strides[0] + i1·strides[1] + …
    ApusOperandStrided = 2
} ApusOperandKind;

/// Operations of a program; x is register a, y register b, z register c.
///
/// Results of comparisons and logical operations are 1 or 0. NaN behaves as in PyTorch.
typedef enum ApusPointwiseOp {
    /// The immediate, at each position.
    ApusPointwiseConstant = 0,
    ApusPointwiseCopy,
    ApusPointwiseNegate,
    ApusPointwiseAbsolute,
    ApusPointwiseExp,
    ApusPointwiseLog,
    ApusPointwiseLog1p,
    ApusPointwiseExpm1,
    ApusPointwiseSquareRoot,
    /// 1 / √x
    ApusPointwiseReciprocalSquareRoot,
    /// 1 / x
    ApusPointwiseReciprocal,
    ApusPointwiseSin,
    ApusPointwiseCos,
    ApusPointwiseTan,
    ApusPointwiseTanh,
    /// 1 / (1 + exp(-x))
    ApusPointwiseSigmoid,
    /// max(x, 0); NaN stays NaN.
    ApusPointwiseRelu,
    ApusPointwiseErf,
    ApusPointwiseFloor,
    ApusPointwiseCeil,
    /// To the nearest integer, halves to even.
    ApusPointwiseRound,
    ApusPointwiseTruncate,
    /// -1, 0 or 1; 0 for NaN.
    ApusPointwiseSign,
    ApusPointwiseSquare,
    ApusPointwiseLogicalNot,
    ApusPointwiseIsNaN,
    ApusPointwiseExp2,
    ApusPointwiseLog2,
    ApusPointwiseLog10,
    ApusPointwiseSinh,
    ApusPointwiseCosh,
    ApusPointwiseAsin,
    ApusPointwiseAcos,
    ApusPointwiseAtan,
    ApusPointwiseAsinh,
    ApusPointwiseAcosh,
    ApusPointwiseAtanh,
    /// 1 - erf x
    ApusPointwiseErfc,
    /// x · σ(x)
    ApusPointwiseSilu,
    ApusPointwiseSiluDerivative,
    /// x · tanh(ln(1 + e^x))
    ApusPointwiseMish,
    ApusPointwiseMishDerivative,
    /// x · Φ(x)
    ApusPointwiseGelu,
    ApusPointwiseGeluDerivative,
    /// x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2
    ApusPointwiseGeluTanh,
    ApusPointwiseGeluTanhDerivative,
    /// min(max(x + 3, 0), 6) / 6
    ApusPointwiseHardsigmoid,
    /// x · min(max(x + 3, 0), 6) / 6
    ApusPointwiseHardswish,
    /// x / (1 + |x|)
    ApusPointwiseSoftsign,
    /// x - tanh x
    ApusPointwiseTanhshrink,
    /// ln σ(x)
    ApusPointwiseLogSigmoid,
    ApusPointwiseAdd,
    ApusPointwiseSubtract,
    ApusPointwiseMultiply,
    ApusPointwiseDivide,
    ApusPointwisePower,
    /// The larger; NaN when either is NaN.
    ApusPointwiseMaximum,
    /// The smaller; NaN when either is NaN.
    ApusPointwiseMinimum,
    ApusPointwiseEqual,
    ApusPointwiseNotEqual,
    ApusPointwiseLess,
    ApusPointwiseLessOrEqual,
    ApusPointwiseGreater,
    ApusPointwiseGreaterOrEqual,
    ApusPointwiseLogicalAnd,
    ApusPointwiseLogicalOr,
    /// y · x · (1 - x), where x is the sigmoid's result and y the gradient behind it.
    ApusPointwiseSigmoidGradient,
    /// y · (1 - x²), where x is the result of tanh and y the gradient behind it.
    ApusPointwiseTanhGradient,
    /// y where x > 0, else 0, where x is the result (or the input) of relu and y the gradient behind it.
    ApusPointwiseReluGradient,
    /// x² / 2 where |x| ≤ y, else y · (|x| - y / 2).
    ApusPointwiseHuber,
    /// y / 6 where -3 < x < 3, else 0, where x is the input of hardsigmoid and y the gradient behind it.
    ApusPointwiseHardsigmoidGradient,
    /// 0 where x ≤ -3, y · (x / 3 + 1/2) where x < 3, else y.
    ApusPointwiseHardswishGradient,
    ApusPointwiseArcTangent2,
    /// x - y · ⌊x / y⌋
    ApusPointwiseRemainder,
    /// x - y · trunc(x / y)
    ApusPointwiseFmod,
    /// ⌊x / y⌋, from the exact remainder.
    ApusPointwiseFloorDivide,
    /// √(x² + y²)
    ApusPointwiseHypot,
    /// x where x > 0, else x · y.
    ApusPointwiseLeakyRelu,
    /// 0 where -y ≤ x ≤ y, else x.
    ApusPointwiseHardshrink,
    /// x - y where x > y, x + y where x < -y, else 0.
    ApusPointwiseSoftshrink,
    /// y where x ≠ 0, else z.
    ApusPointwiseWhere,
    /// 0 where x ≤ y, else z.
    ApusPointwiseThresholdGradient,
    /// 0 where -y ≤ x ≤ y, else z.
    ApusPointwiseShrinkGradient,
    /// z where x > 0, else z · y.
    ApusPointwiseLeakyReluGradient,
    /// Whether x ≤ y or x ≥ z.
    ApusPointwiseIsBeyond,
    /// Whether y ≤ x ≤ z.
    ApusPointwiseIsWithin,
    /// min(max(x, y), z); NaN when any of them is NaN.
    ApusPointwiseClamp,
    /// z where x ≤ y, else x.
    ApusPointwiseThreshold,
    /// x cut to y … z.
    ApusPointwiseHardtanh,
    /// y · (e^(x·z) - 1) where x ≤ 0, else x.
    ApusPointwiseElu,
    /// y · z · e^(x·z) where x ≤ 0, else 1.
    ApusPointwiseEluDerivative,
    /// ln(1 + e^(x·y)) / y, or x where x · y > z.
    ApusPointwiseSoftplus,
    /// x · y + z, rounded once where the processor can.
    ApusPointwiseMultiplyAdd,
    ApusPointwiseOpCount
} ApusPointwiseOp;

/// One instruction: `destination` = `op`(a, b, c). Operands that the operation lacks are ignored.
typedef struct ApusPointwiseInstruction {
    uint16_t op;
    uint16_t destination;
    uint16_t a;
    uint16_t b;
    uint16_t c;
    float immediate;
} ApusPointwiseInstruction;

/// An input or output of a program.
typedef struct ApusPointwiseOperand {
    void *data;
    /// An `ApusDataType`.
    int32_t dtype;
    /// An `ApusOperandKind`.
    int32_t kind;
    /// In elements, one for each dimension of the iteration's shape; 0 broadcasts. Read only for strided operands.
    int64_t strides[APUS_MAX_RANK];
} ApusPointwiseOperand;

/// Bytes of scratch memory for a program with so many registers, inputs included.
size_t apus_pointwise_scratch_bytes(int registerCount);

/// Runs a program at the positions [begin, end) of an iteration space, in row-major order.
///
/// - program: instructions in order. Registers 0 ..< inputCount hold the inputs and are never destinations.
/// - outputs: output i is what register outputRegisters[i] holds at the end. Float32 is stored as it is, bool as
///   x ≠ 0, uint8 and int64 truncated toward zero (modulo 256; int64 out of range is the smallest int64).
///   A contiguous output may be the memory of a contiguous input of the same type: a position is read before it is
///   written. Any other overlap of an output with an operand is not allowed.
/// - rank, shape: the iteration space, needed only when an operand is strided; rank 0...APUS_MAX_RANK.
/// - streams: whether to store results past the caches, which pays where the operands exceed the last of them.
/// - scratch: `apus_pointwise_scratch_bytes` bytes, aligned to 64, used by this call alone.
///
/// A program that uses more than APUS_POINTWISE_MAX_REGISTERS registers or an unknown operation traps.
void apus_pointwise(
    const ApusPointwiseInstruction *program, int instructionCount,
    const ApusPointwiseOperand *inputs, int inputCount,
    const ApusPointwiseOperand *outputs, const uint16_t *outputRegisters, int outputCount,
    int rank, const int64_t *shape, int64_t begin, int64_t end, int streams, float *scratch);

#ifdef __cplusplus
}
#endif

#endif
