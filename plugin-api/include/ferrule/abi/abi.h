/* SPDX-License-Identifier: Apache-2.0
 *
 * The common vocabulary of the Ferrule plugin ABI, version 1.0 (draft): strings, status, errors, operations, the plugin's entry and its note.
 *
 * A plugin is one shared object that exports one symbol, `ferrule_plugin_entry`, and carries one ELF note. It includes only these C headers
 * (or the C++ SDK over them) and links only its own libraries.
 *
 * Conventions that hold in every header of this folder:
 *
 *  - Every struct that crosses the boundary starts with `struct_size`, set by the side that fills it. The reading side copies the smaller of the two
 *    sizes and takes the rest as zero; a larger size than it knows is never a reason to refuse. A minor version only appends fields.
 *  - Text is UTF-8 in an `frl_str` and not NUL-terminated. Payloads that may grow are JSON text; bulk bytes are streamed.
 *  - Nothing is freed across the boundary. What is passed into a call is borrowed until that call returns; only the target or request of an operation
 *    stays, at the same place, until the plugin completes that operation. What the callee hands back through a host call is copied by the host.
 *  - No exception may leave a plugin function or a callback.
 *  - Each function says who may call it and where: [host strand] the host calls it on the strand of the instance; [plugin, strand] the plugin may call
 *    it, only on the strand of the instance; [any thread]; [may block]; [during init] from `ferrule_plugin_entry` until `init` returned.
 */
#ifndef FERRULE_ABI_ABI_H
#define FERRULE_ABI_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRL_ABI_MAJOR 1
#define FRL_ABI_MINOR 0

/** First word of every plugin entry: the bytes "FRL1" in memory order on a little-endian machine. */
#define FRL_MAGIC 0x314c5246u

#if defined(__GNUC__)
#define FRL_EXPORT __attribute__((visibility("default")))
#else
#define FRL_EXPORT
#endif

/** Borrowed UTF-8 text. `ptr` may be NULL only when `len` is 0. */
typedef struct frl_str {
    const char* ptr;
    size_t len;
} frl_str;

/** A literal as frl_str, in C and C++. */
#ifdef __cplusplus
#define FRL_STR(literal) (frl_str{(literal), sizeof(literal) - 1})
#else
#define FRL_STR(literal) ((frl_str){(literal), sizeof(literal) - 1})
#endif

/** A label, attribute or log field. Both sides borrowed. */
typedef struct frl_kv {
    frl_str key;
    frl_str value;
} frl_kv;

/** Outcome of a call. 0 is success; every failure is negative and, where the call takes an frl_error, described there. */
typedef int32_t frl_status;
#define FRL_OK 0
#define FRL_FAILED (-1)      /**< See the error that was set. */
#define FRL_INVALID (-2)     /**< An argument or payload is not acceptable. */
#define FRL_UNSUPPORTED (-3) /**< This component, or this version of the host, cannot do that. */
#define FRL_CANCELLED (-4)   /**< The operation ended because it was asked to. */
#define FRL_WRONG_THREAD (-5) /**< The call is bound to the instance's strand and came from elsewhere; nothing was done. */
#define FRL_STALE (-6)       /**< The handle names something that has ended; nothing was done. */
#define FRL_LIMIT (-7)       /**< A limit of the host is reached; nothing was done. */
#define FRL_WOULD_WAIT (-8)  /**< It cannot be done without waiting; nothing was done. */

/** A host-owned error, filled by frl_host.error_set and valid until the call that received it returns. Opaque to plugins. */
typedef struct frl_error frl_error;

/** One running operation: a generational handle given by the host and completed by the plugin exactly once. 0 is never valid. */
typedef uint64_t frl_op;
/** The host's name for an instance that it created. 0 is never valid. */
typedef uint64_t frl_instance;
/** A session of a driver, chosen by the host. Unique within the life of the process. 0 is never valid. */
typedef uint64_t frl_session;
/** A watch on a descriptor. 0 is never valid. */
typedef uint64_t frl_watch;
/** A pending one-shot timer. 0 is never valid. */
typedef uint64_t frl_timer;
/** An interned metric series. 0 is never valid; adding to 0 does nothing. */
typedef uint64_t frl_metric;

/** How the host runs the functions of a component. */
#define FRL_EXEC_ASYNC 1u    /**< On the instance's strand; must not block. */
#define FRL_EXEC_BLOCKING 2u /**< On the host's blocking pool; may block; polls op_cancelled. */
#define FRL_EXEC_PURE 3u     /**< From any thread, also at the same time; makes no host call but log and error_set. */

struct frl_host;

/** One thing that a plugin offers, such as the driver "ssh". Lives as long as the plugin is mapped. */
typedef struct frl_component {
    uint32_t struct_size;
    uint32_t execution; /**< FRL_EXEC_*. */
    frl_str kind;       /**< Kind with its major version, such as "ferrule.driver/1". */
    frl_str name;       /**< What configuration and requests call it: [a-z][a-z0-9_-]{0,63}. Unique within its kind. */
    const void* api;    /**< The table of the kind, for example frl_driver_api; starts with its struct_size. */
} frl_component;

/** What `ferrule_plugin_entry` returns: static data of the plugin that lives as long as it is mapped. */
typedef struct frl_plugin {
    uint32_t struct_size;
    uint32_t magic;     /**< FRL_MAGIC. */
    uint32_t abi_major; /**< FRL_ABI_MAJOR of the headers it was built with. */
    uint32_t abi_minor; /**< FRL_ABI_MINOR of the headers it was built with. */
    frl_str id;         /**< Same text as "id" in the note. */
    frl_str version;    /**< Same text as "version" in the note. */
    /** Optional. Process-wide set-up, once, before any instance is created. [host thread] [may block] [during init] */
    frl_status (*init)(const struct frl_host* host, frl_error* error);
    const frl_component* const* components;
    uint32_t component_count;
    uint32_t reserved;
} frl_plugin;

/** The one exported symbol. Called once after loading; must do nothing but return the address of static data. */
typedef const frl_plugin* (*frl_plugin_entry_fn)(void);
#define FRL_ENTRY_SYMBOL "ferrule_plugin_entry"

/** The ELF note by which the host knows a plugin without loading it: section ".note.ferrule", owner "Ferrule", type 1, description = JSON text
 *  {"id","version","abi":"1.0","summary","components":[{"kind","name","execution","summary"?,"config_schema"?}],"services":[…]?}. */
#define FRL_NOTE_SECTION ".note.ferrule"
#define FRL_NOTE_OWNER "Ferrule"
#define FRL_NOTE_TYPE 1u

/** Emits the note. `json` is a string literal. Once per plugin, at file scope. */
#define FRL_NOTE(json)                                                                                                                              \
    extern __attribute__((visibility("hidden"))) const struct frl_note_layout_ {                                                                    \
        uint32_t owner_size;                                                                                                                        \
        uint32_t text_size;                                                                                                                         \
        uint32_t type;                                                                                                                              \
        char owner[8];                                                                                                                              \
        char text[(sizeof(json) + 3u) & ~(size_t)3u];                                                                                               \
    } frl_note_;                                                                                                                                    \
    __attribute__((section(FRL_NOTE_SECTION), used, aligned(4)))                                                                                    \
    const struct frl_note_layout_ frl_note_ = {8u, (uint32_t)(sizeof(json) - 1u), FRL_NOTE_TYPE, FRL_NOTE_OWNER, json}

#ifdef __cplusplus
}
#endif

#endif
