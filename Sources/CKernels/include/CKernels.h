/// C kernels of the CPU backend: serial loops over a range [begin, end), called in parallel by the engine.
///
/// Every kernel exists in up to three builds (AVX-512, AVX2 with FMA, baseline); `isa.h` says which one runs.
#ifndef APUS_CKERNELS_H
#define APUS_CKERNELS_H

#include "isa.h"
#include "pointwise.h"
#include "lanes_layout.h"
#include "lanes_blocks.h"
#include "lanes_convolution.h"
#include "lanes_pooling.h"
#include "winograd.h"
#include "peak.h"
#include "reduction.h"
#include "pooling.h"
#include "plane_convolution.h"
#include "sliding_window.h"
#include "add_activate.h"
#include "block_convolution.h"
#include "block_weight_gradient.h"
#include "plane_positions.h"
#include "softmax.h"
#include "losses.h"
#include "matmul.h"
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

#endif
