/// Which build of the kernels runs: the instruction set, found out once and lowered on request.
#ifndef APUS_ISA_H
#define APUS_ISA_H

#ifdef __cplusplus
extern "C" {
#endif

/// Instruction sets in ascending order. On processors that are not x86-64 only `ApusISABaseline` exists
/// (on ARM64 that is NEON).
typedef enum ApusISA {
    ApusISABaseline = 0,
    ApusISAAVX2 = 1,
    ApusISAAVX512 = 2
} ApusISA;

/// The instruction set whose kernels run.
///
/// Decided at the first call of any kernel: the best that the processor has (AVX2 means x86-64-v3 with FMA, AVX-512
/// means x86-64-v4), but no more than the environment variable `APUS_MAX_ISA` (`avx512`, `avx2` or `baseline`) allows.
/// Another value of the variable is reported on standard error and ignored.
ApusISA apus_kernels_isa(void);

/// Limits the kernels to an instruction set; returns the one that now runs, which is lower when the processor lacks it.
/// Meant for start-up and tests: kernels already running finish with the build with which they began.
ApusISA apus_kernels_set_max_isa(ApusISA maximum);

/// The floats of a vector of the kernels that run: 16, 8 or 4.
int apus_kernels_vector_width(void);

/// The name of an instruction set as users write it: `avx512`, `avx2` or `baseline`.
const char *apus_isa_name(ApusISA isa);

/// Reads a name as `apus_isa_name` gives it. Returns the `ApusISA`, or -1 for any other text or NULL.
int apus_isa_named(const char *name);

#ifdef __cplusplus
}
#endif

#endif
