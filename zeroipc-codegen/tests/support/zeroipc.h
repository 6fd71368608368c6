/* What generated headers need from the runtime: declarations only, so that goldens can be compiled without it. */
#ifndef ZEROIPC_H
#define ZEROIPC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum zeroipc_status { ZEROIPC_OK = 0, ZEROIPC_FULL, ZEROIPC_EMPTY, ZEROIPC_TIMED_OUT } zeroipc_status;
const char *zeroipc_status_name(zeroipc_status);
const char *zeroipc_error_message(void);

typedef struct zeroipc_type {
    const char *name;
    uint32_t size;
    uint32_t align;
    uint64_t layout;
    uint64_t schema;
    const unsigned char *description;
    uint32_t description_length;
} zeroipc_type;

typedef struct zeroipc_options { int unused; } zeroipc_options;
typedef struct zeroipc_memory { int unused; } zeroipc_memory;
typedef struct zeroipc_array { int unused; } zeroipc_array;
typedef struct zeroipc_queue { int unused; } zeroipc_queue;

extern const zeroipc_type zeroipc_u8, zeroipc_u16, zeroipc_u32, zeroipc_u64;
extern const zeroipc_type zeroipc_i8, zeroipc_i16, zeroipc_i32, zeroipc_i64;
extern const zeroipc_type zeroipc_f16, zeroipc_f32, zeroipc_f64, zeroipc_bool8;
extern const zeroipc_type zeroipc_complex64, zeroipc_complex128;

zeroipc_status zeroipc_memory_open(zeroipc_memory *, const char *, const zeroipc_options *);
zeroipc_status zeroipc_memory_create(zeroipc_memory *, const char *, uint64_t, const zeroipc_options *);
zeroipc_status zeroipc_memory_open_or_create(zeroipc_memory *, const char *, uint64_t, const zeroipc_options *);
zeroipc_status zeroipc_memory_close(zeroipc_memory *);

zeroipc_status zeroipc_array_open(zeroipc_array *, zeroipc_memory *, const char *, const zeroipc_type *);
zeroipc_status zeroipc_array_create(zeroipc_array *, zeroipc_memory *, const char *, const zeroipc_type *, uint64_t);
zeroipc_status zeroipc_array_open_or_create(zeroipc_array *, zeroipc_memory *, const char *, const zeroipc_type *, uint64_t);
zeroipc_status zeroipc_array_get(const zeroipc_array *, uint64_t, void *);
zeroipc_status zeroipc_array_set(zeroipc_array *, uint64_t, const void *);
void *zeroipc_array_data(const zeroipc_array *);
uint64_t zeroipc_array_capacity(const zeroipc_array *);
void zeroipc_array_close(zeroipc_array *);

zeroipc_status zeroipc_queue_open(zeroipc_queue *, zeroipc_memory *, const char *, const zeroipc_type *);
zeroipc_status zeroipc_queue_create(zeroipc_queue *, zeroipc_memory *, const char *, const zeroipc_type *, uint64_t);
zeroipc_status zeroipc_queue_open_or_create(zeroipc_queue *, zeroipc_memory *, const char *, const zeroipc_type *, uint64_t);
zeroipc_status zeroipc_queue_try_push(zeroipc_queue *, const void *);
zeroipc_status zeroipc_queue_try_pop(zeroipc_queue *, void *);
zeroipc_status zeroipc_queue_push(zeroipc_queue *, const void *, int64_t);
zeroipc_status zeroipc_queue_pop(zeroipc_queue *, void *, int64_t);
uint64_t zeroipc_queue_capacity(const zeroipc_queue *);
uint64_t zeroipc_queue_len(const zeroipc_queue *);
void zeroipc_queue_close(zeroipc_queue *);

#ifdef __cplusplus
}
#endif

#endif
