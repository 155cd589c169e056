// The zlib of the system (Debian: zlib1g-dev; part of the macOS SDK).
#ifndef APUS_CZLIB_SHIM_H
#define APUS_CZLIB_SHIM_H

#include <zlib.h>

#endif
