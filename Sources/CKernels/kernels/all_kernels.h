/// All kernels, compiled once for the instruction set that the including file has chosen, and their table.
/// Included exactly once by each of kernels_baseline.c, kernels_avx2.c and kernels_avx512.c.

#include "pointwise.h"
#include "lanes_layout.h"
#include "lanes_convolution.h"
#include "lanes_weight_gradient.h"
#include "lanes_pooling.h"
#include "reduction.h"
#include "plane_convolution.h"
#include "sliding_window.h"
#include "max_pooling.h"
#include "average_pooling.h"
#include "plane_positions.h"
#include "softmax.h"
#include "losses.h"
#include "gated_linear_unit.h"
#include "batch_normalization.h"
#include "batch_normalization_columns.h"
#include "row_normalization.h"
#include "local_response.h"
#include "random.h"
#include "strided_copy.h"
#include "padding.h"
#include "resampling.h"
#include "indexing.h"
#include "sorting.h"
#include "scan.h"
#include "bytes.h"
#include "image_geometry.h"
#include "image_resize.h"
#include "image_color.h"
#include "image_filter.h"

#define APUS_KERNEL_INITIALIZER(name, parameters, arguments) .name = name##_kernel,

const ApusKernelTable APUS_KERNEL_TABLE = {APUS_KERNELS(APUS_KERNEL_INITIALIZER)};
