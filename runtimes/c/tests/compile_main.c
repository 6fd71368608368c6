/* The file that holds the implementation. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define ZEROIPC_IMPLEMENTATION
#include <zeroipc.h>

int use_zeroipc(const char *name);

int main(void)
{
    char name[64];
    (void)snprintf(name, sizeof name, "/zeroipc_c_%ld_compile", (long)getpid());
    return use_zeroipc(name);
}
