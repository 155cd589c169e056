#include "CEngineHook.h"

// Defined in Swift, in ApusEngine/Evaluation/Engine.swift.
extern void apus_engine_install(void);

__attribute__((constructor)) void apus_engine_hook(void) { apus_engine_install(); }
