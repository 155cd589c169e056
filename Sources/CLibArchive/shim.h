// The libarchive of the system (Debian: libarchive-dev; Homebrew: libarchive).
#ifndef APUS_CLIBARCHIVE_SHIM_H
#define APUS_CLIBARCHIVE_SHIM_H

#include <archive.h>
#include <archive_entry.h>

#endif
