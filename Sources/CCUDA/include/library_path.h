#ifndef APUS_CUDA_LIBRARY_PATH_H
#define APUS_CUDA_LIBRARY_PATH_H

/// The file of the loaded library that holds a function, or NULL; the text belongs to the loader.
const char *_Nullable apus_cuda_library_path(const void *_Nonnull function);

#endif
