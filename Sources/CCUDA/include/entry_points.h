#ifndef APUS_CUDA_ENTRY_POINTS_H
#define APUS_CUDA_ENTRY_POINTS_H

#include <stddef.h>

// The libraries of CUDA are loaded when they are first used, so that nothing of them is needed to build or to start.
// Each header beside this one lists the entry points of one library by the macro X(result, name, symbol, parameters):
// `name` is the field of the library's table, `symbol` what the library exports. Enumerations are `int`, handles are
// pointers to incomplete types, addresses in a GPU's memory are `unsigned long long`.

#define APUS_ENTRY_POINT_FIELD(result, name, symbol, parameters) result(*_Nonnull name) parameters;
#define APUS_ENTRY_POINT_SYMBOL(result, name, symbol, parameters) #symbol,

/// Declares the table of a library, and for the library `lower`:
/// - `apus_LOWER_symbols`: the names of all symbols, ended by NULL, in the order of the table;
/// - `apus_LOWER_load`: a table of the symbols that `handle` (of dlopen) exports, to be kept for ever; NULL where one is
///   missing, whose name `missing` then holds.
#define APUS_LIBRARY(Table, lower, ENTRY_POINTS)                                                     \
  typedef struct Table {                                                                             \
    ENTRY_POINTS(APUS_ENTRY_POINT_FIELD)                                                             \
  } Table;                                                                                           \
  const char *_Nullable const *_Nonnull apus_##lower##_symbols(void);                                \
  const Table *_Nullable apus_##lower##_load(void *_Nonnull handle, const char *_Nullable *_Nonnull missing);

/// Looks each of `symbols` up in the library, into the pointers of `table`; the first missing one, or NULL.
const char *_Nullable apus_cuda_find(
    void *_Nonnull handle, const char *_Nullable const *_Nonnull symbols, void *_Nullable *_Nonnull table);

#define APUS_LIBRARY_DEFINITION(Table, lower, ENTRY_POINTS)                                          \
  static const char *const lower##_symbols[] = {ENTRY_POINTS(APUS_ENTRY_POINT_SYMBOL) NULL};         \
  const char *const *apus_##lower##_symbols(void) { return lower##_symbols; }                        \
  const Table *apus_##lower##_load(void *handle, const char **missing) {                             \
    void **table = calloc(1, sizeof(Table));                                                         \
    if (table == NULL) abort();                                                                      \
    *missing = apus_cuda_find(handle, lower##_symbols, table);                                       \
    if (*missing == NULL) return (const Table *)table;                                               \
    free(table);                                                                                     \
    return NULL;                                                                                     \
  }

#endif
