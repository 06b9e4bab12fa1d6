/*
 * A fixture of the benchmarks, never a part of Gatun: namespaces.c with pods on a bridge. It is a
 * program of its own since its image is executed in the second stage: code that only some requests
 * need would cost the others.
 */
#define POD_ON_BRIDGE
#include "namespaces.c"
