/* A file that only includes the header: it needs no feature macro, and every inline function compiles. */
#include <zeroipc.h>

int use_zeroipc(const char *name);

int use_zeroipc(const char *name)
{
    zeroipc_options options = ZEROIPC_OPTIONS_DEFAULT;
    zeroipc_type pair = zeroipc_opaque(16);
    zeroipc_memory memory;
    zeroipc_array array;
    zeroipc_queue queue;
    uint64_t value = 1, two[2] = { 1, 2 };
    int32_t old = 0;
    float f = 0;
    int ok;
    options.prefault = true;
    if (zeroipc_memory_create(&memory, name, 65536, &options) != ZEROIPC_OK)
        return 1;
    ok = zeroipc_array_create(&array, &memory, "a", &zeroipc_i32, 4) == ZEROIPC_OK &&
         zeroipc_array_fetch_add_i32(&array, 1, 5, &old) == ZEROIPC_OK &&
         zeroipc_array_fetch_max_i32(&array, 1, 9, &old) == ZEROIPC_OK && old == 5 &&
         zeroipc_array_load_f32(&array, 1, &f) == ZEROIPC_TYPE_MISMATCH &&
         zeroipc_queue_create(&queue, &memory, "q", &pair, 4) == ZEROIPC_OK &&
         zeroipc_queue_push(&queue, two, 10) == ZEROIPC_OK && zeroipc_queue_len(&queue) == 1 &&
         zeroipc_queue_try_pop(&queue, two) == ZEROIPC_OK && two[1] == 2 && zeroipc_queue_is_empty(&queue) &&
         zeroipc_queue_open(&queue, &memory, "a", &zeroipc_u64) == ZEROIPC_KIND_MISMATCH &&
         zeroipc_queue_try_pop(&queue, &value) == ZEROIPC_BAD_ARGUMENT && zeroipc_error_message()[0] != 0;
    return !(zeroipc_memory_unlink(name) == ZEROIPC_OK && zeroipc_memory_close(&memory) == ZEROIPC_OK && ok);
}
