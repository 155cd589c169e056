#ifndef APUS_CENGINE_HOOK_H
#define APUS_CENGINE_HOOK_H

// Runs before main and hands the engine to the graph (Swift has no load-time code of its own).
void apus_engine_hook(void);

#endif
