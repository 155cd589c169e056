// The libjpeg-turbo of the system (Debian: libturbojpeg0-dev; Homebrew: jpeg-turbo), by its TurboJPEG API.
#ifndef APUS_CLIBJPEG_SHIM_H
#define APUS_CLIBJPEG_SHIM_H

#include <turbojpeg.h>

#endif
