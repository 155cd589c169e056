// dladdr is an extension of glibc.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#include "library_path.h"

const char *apus_cuda_library_path(const void *function) {
  Dl_info info;
  return dladdr(function, &info) != 0 ? info.dli_fname : NULL;
}
