/// Filters over the neighbourhood of each pixel.
#ifndef APUS_IMAGE_FILTER_KERNEL_H
#define APUS_IMAGE_FILTER_KERNEL_H

#include "../include/image_filter.h"
#include "image_color.h"
#include "image_geometry.h"
#include "vector.h"

#define PIXEL uint8_t
#define NAME(name) name##_bytes_kernel
#define BOUND 255.0f
#define ROUNDED(value) image_round(value)
#include "image_filter_template.h"
#undef PIXEL
#undef NAME
#undef BOUND
#undef ROUNDED
#define PIXEL float
#define NAME(name) name##_floats_kernel
#define BOUND 1.0f
#define ROUNDED(value) (value)
#include "image_filter_template.h"
#undef PIXEL
#undef NAME
#undef BOUND
#undef ROUNDED

#endif
