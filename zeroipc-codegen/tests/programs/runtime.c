/* The functions of the runtime. */
#define _GNU_SOURCE
#define ZEROIPC_IMPLEMENTATION
#include "zeroipc.h"
