// The libpng of the system (Debian: libpng-dev; Homebrew: libpng). libpng reports errors by longjmp, which Swift cannot
// catch: CPNG stands between.
#ifndef APUS_CLIBPNG_SHIM_H
#define APUS_CLIBPNG_SHIM_H

#include <png.h>

#endif
