/* SPDX-License-Identifier: Apache-2.0
 *
 * Kind "ferrule.store/1": keeps records durably. A record is a key and a JSON value in a named collection, with a few indexed text attributes.
 *
 * A store is BLOCKING. The host calls put_batch, try_put_batch, flush and maintain from one thread at a time, and get and scan from several threads at the
 * same time, also while put_batch runs. Keys and attributes compare as bytes.
 */
#ifndef FERRULE_ABI_STORE_H
#define FERRULE_ABI_STORE_H

#include <ferrule/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRL_KIND_STORE "ferrule.store/1"

/** frl_record.flags: remove the key instead of writing it. */
#define FRL_RECORD_DELETE 1u
/** frl_record.flags: the key must not exist yet; otherwise the record is left out of the batch, and put_batch says so. */
#define FRL_RECORD_INSERT 2u

/** One write, or one row that is read. Everything borrowed until the call or callback returns. */
typedef struct frl_record {
    uint32_t struct_size;
    uint32_t flags;
    frl_str collection;
    frl_str key;
    frl_str value;
    int64_t expires_at_ms;     /**< Unix time in milliseconds after which `maintain` may remove it; 0 = never. */
    const frl_str* attributes; /**< Values in the order in which the collection declares its attributes. */
    uint32_t attribute_count;
    uint32_t reserved;
} frl_record;

/** What to read: keys in the half-open range [from, to), empty = unbounded; newest first with `reverse`. */
typedef struct frl_scan {
    uint32_t struct_size;
    uint32_t reverse;
    frl_str collection;
    frl_str from;
    frl_str to;
    uint32_t limit; /**< 0 = no limit. */
    uint32_t filter_count;
    const frl_kv* filters; /**< Attribute = value, all must hold; the same attribute more than once means any of its values. */
} frl_scan;

/** Called for each row; a value other than 0 ends the scan. */
typedef int32_t (*frl_row_callback)(void* arg, const frl_record* row);

typedef struct frl_store_api {
    uint32_t struct_size;
    uint32_t reserved;

    /** Opens the store and brings its schema up to date. `config` is JSON {"collections":[{"name","attributes":[name,…]},…], "durability":"normal"|
     *  "full", and the settings of the store}. A collection or attribute that is new is added; one that is gone is kept. [may block] */
    frl_status (*create)(const frl_host* host, frl_str config, void** out, frl_error* error);
    /** Closes after a last flush. [may block] */
    void (*destroy)(void* instance);
    /** Writes all records in one transaction: durable and in order, or none of them with an error. `left_out` has `count` bytes, all 0; that of an insert
     *  whose key exists, perhaps by an earlier record of the same batch, becomes 1. [may block] */
    frl_status (*put_batch)(void* instance, const frl_record* const* records, uint32_t count, uint8_t* left_out, frl_error* error);
    /** Reads one record through `fn`; FRL_OK also when there is none (fn is then not called). [may block] */
    frl_status (*get)(void* instance, frl_str collection, frl_str key, frl_row_callback fn, void* arg, frl_error* error);
    /** Reads many, in key order, from one consistent snapshot. [may block] */
    frl_status (*scan)(void* instance, const frl_scan* scan, frl_row_callback fn, void* arg, frl_error* error);
    /** Forces everything that put_batch accepted to stable storage. [may block] */
    frl_status (*flush)(void* instance, frl_error* error);
    /** Removes at most `limit` expired records and does the store's own housekeeping; `*removed` says how many. [may block] */
    frl_status (*maintain)(void* instance, int64_t now_ms, uint32_t limit, uint32_t* removed, frl_error* error);
    /** Optional, NULL when the store has nothing of the kind: the same as put_batch if that needs to wait for nothing, be it a disk, a lock or another
     *  machine; FRL_WOULD_WAIT otherwise, and nothing is written. For a few small records at a time. The host calls it where it must not be held up, never while
     *  put_batch, flush or maintain runs. [any thread] */
    frl_status (*try_put_batch)(void* instance, const frl_record* const* records, uint32_t count, uint8_t* left_out, frl_error* error);
} frl_store_api;

#ifdef __cplusplus
}
#endif

#endif
