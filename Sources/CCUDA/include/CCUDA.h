#ifndef APUS_CCUDA_H
#define APUS_CCUDA_H

#include "cublaslt.h"
#include "cudnn.h"
#include "driver.h"
#include "kernel_arguments.h"
#include "library_path.h"
#include "nccl.h"
#include "nvrtc.h"

#endif
