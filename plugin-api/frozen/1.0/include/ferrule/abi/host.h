/* SPDX-License-Identifier: Apache-2.0
 *
 * What the host offers to plugins: logging, metrics, operations, the event loop, the blocking pool, secrets and optional services.
 *
 * Contract of the loop: an instance lives on one strand, so none of its callbacks run at the same time. No callback ever runs inside a host call that
 * the plugin made. After fd_unwatch or timer_cancel returned, no callback for that handle follows.
 *
 * Contract of an operation: the host starts it by calling a function of the component with a fresh frl_op; the plugin completes it exactly once, from
 * any thread. A late or second completion is dropped, counted and logged against the plugin. `cancel` is a request: completion is still owed. After a
 * grace period the host abandons the operation.
 */
#ifndef FERRULE_ABI_HOST_H
#define FERRULE_ABI_HOST_H

#include <ferrule/abi/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Levels of frl_host.log. */
#define FRL_LOG_TRACE 0
#define FRL_LOG_DEBUG 1
#define FRL_LOG_INFO 2
#define FRL_LOG_WARN 3
#define FRL_LOG_ERROR 4

/** Kinds of metric for frl_host.metric. */
#define FRL_METRIC_COUNTER 1u
#define FRL_METRIC_GAUGE 2u
#define FRL_METRIC_HISTOGRAM 3u /**< Seconds, with the host's own buckets. */

/** Readiness bits of fd_watch. FRL_FD_ERROR is reported even when it was not asked for. */
#define FRL_FD_READ 1u
#define FRL_FD_WRITE 2u
#define FRL_FD_ERROR 4u

/** Plain callback. `arg` is what the plugin passed with it. [host strand] */
typedef void (*frl_callback)(void* arg);
/** The descriptor is ready; `events` are FRL_FD_* bits. Level-triggered. [host strand] */
typedef void (*frl_fd_callback)(void* arg, uint32_t events);
/** Work for the blocking pool. [host thread] [may block] */
typedef void (*frl_work)(void* arg);

/** One resolved address in network byte order: 4 bytes used for IPv4, 16 for IPv6. */
typedef struct frl_address {
    uint32_t family; /**< 4 or 6. */
    uint32_t reserved;
    uint8_t bytes[16];
} frl_address;

/** Answer of resolve: `status` FRL_OK with one or more addresses, else none and the reason in `message`. Borrowed until the callback returns. */
typedef void (*frl_resolve_callback)(void* arg, frl_status status, const frl_address* addresses, uint32_t count, frl_str message);

/** The secret as JSON text, borrowed until the callback returns and then wiped; status FRL_INVALID and an empty text for an unknown reference. */
typedef void (*frl_secret_callback)(void* arg, frl_status status, frl_str json);

/** The host table. One per instance, with the instance's own ctx; valid from `create` until `destroy` returned. The one handed to `init` serves
 *  logging and metrics only, for as long as the plugin is mapped. A member may be NULL where the component's execution or an older host does not offer
 *  it. */
typedef struct frl_host {
    uint32_t struct_size;
    uint32_t abi_minor; /**< Minor version of the host. */
    void* ctx;          /**< First argument of every call below. */

    /** Optional services by id, such as "ferrule.http/1": a table that starts with struct_size, or NULL. Valid as long as the host table. [any thread] */
    const void* (*get_service)(void* ctx, frl_str id);

    /* --- always; [any thread] --- */

    /** Writes one log line under the plugin's name. Values of fields whose key looks secret are masked. */
    void (*log)(void* ctx, int32_t level, frl_str message, const frl_kv* fields, uint32_t field_count);
    /** Interns a series `ferrule_plugin_<name>`; the same name and labels give the same handle. 0 when the limit of series is reached. */
    frl_metric (*metric)(void* ctx, uint32_t kind, frl_str name, frl_str help, const frl_kv* labels, uint32_t label_count);
    /** Adds to a counter, sets a gauge, observes into a histogram. */
    void (*metric_add)(void* ctx, frl_metric metric, double value);
    /** Nanoseconds of the host's monotonic clock: the base of every absolute time in this ABI. */
    uint64_t (*now_ns)(void* ctx);
    /** Runs `fn(arg)` on the instance's strand, never inside this call. FRL_STALE once the instance is being destroyed. */
    frl_status (*post)(void* ctx, frl_callback fn, void* arg);
    /** Describes a failure: a stable lower_snake code, a sentence that says what happened to what and what to do, whether trying again can help (0 or
     *  1), and optional details as JSON. Everything is copied. */
    void (*error_set)(void* ctx, frl_error* error, frl_str code, frl_str message, int32_t retryable, frl_str details_json);

    /* --- operations; [any thread] --- */

    /** Streams bytes of the operation's output; copied before it returns. Order is kept. Returns FRL_OK, FRL_LIMIT when the output limit is reached (the
     *  operation goes on, more is dropped), or FRL_STALE. */
    frl_status (*op_emit)(void* ctx, frl_op op, frl_str bytes);
    /** Ends the operation. With FRL_OK `json` is the result as its kind describes it; otherwise an error {"code","message","retryable","details"?}. */
    void (*op_complete)(void* ctx, frl_op op, frl_status status, frl_str json);
    /** 1 once the host asked for cancellation or abandoned the operation, else 0. */
    int32_t (*op_cancelled)(void* ctx, frl_op op);

    /* --- loop; [plugin, strand]; NULL unless the execution is ASYNC --- */

    /** Watches a descriptor that the plugin owns and has made non-blocking; one watch per descriptor. 0 on failure (wrong thread, not pollable). */
    frl_watch (*fd_watch)(void* ctx, int32_t fd, uint32_t events, frl_fd_callback fn, void* arg);
    /** Changes what is waited for; 0 events pauses. */
    frl_status (*fd_modify)(void* ctx, frl_watch watch, uint32_t events);
    /** Ends a watch; call it before closing the descriptor. */
    frl_status (*fd_unwatch)(void* ctx, frl_watch watch);
    /** Calls `fn(arg)` once at or after `at_ns` of now_ns. 0 on failure. */
    frl_timer (*timer_start)(void* ctx, uint64_t at_ns, frl_callback fn, void* arg);
    /** Ends a timer that has not fired; FRL_STALE when it already has. */
    frl_status (*timer_cancel)(void* ctx, frl_timer timer);
    /** Resolves a host name or address literal without blocking. The callback comes exactly once, also when the instance ends. */
    frl_status (*resolve)(void* ctx, frl_str name, frl_resolve_callback fn, void* arg);

    /* --- blocking pool; [plugin, strand] --- */

    /** Runs `work(arg)` on the bounded pool, then `done(arg)` on the strand. Both always run once this returned FRL_OK. FRL_LIMIT when the plugin's
     *  share of the queue is full. */
    frl_status (*run_blocking)(void* ctx, frl_work work, frl_callback done, void* arg);

    /* --- secrets; [plugin, strand] --- */

    /** Hands out the secret behind a reference that the host put into a request, as a JSON object, inside a callback that comes exactly once. */
    frl_status (*secret_get)(void* ctx, frl_str reference, frl_secret_callback fn, void* arg);
} frl_host;

/* ------------------------------------------------------------------------------------------------------------------------------------------------- */

/** Service "ferrule.http/1": one HTTP client that all plugins share, with pooled connections. */
#define FRL_SERVICE_HTTP "ferrule.http/1"

/** Answer of an HTTP exchange. `json` is {"status","headers":[[name,value],…],"version","ip","phases_ms":{"resolve","connect","tls","processing",
 *  "transfer"},"redirects"} on FRL_OK, else an error {"code","message","retryable"}. `body` is the body on FRL_OK. Borrowed until it returns. */
typedef void (*frl_http_callback)(void* arg, frl_status status, frl_str json, frl_str body);

typedef struct frl_http_service {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    /** Starts an exchange and returns its number, or 0. `json` is {"method","url","headers":[[name,value],…]?,"timeout_ms"?,"follow_redirects"?,
     *  "max_body"?,"tls":{"verify"?,"ca_file"?,"server_name"?,"client_cert"?,"client_key"?}?,"proxy"?,"ip_version":4|6?,"fresh_connection"?}. The
     *  callback comes exactly once on the strand. [plugin, strand] */
    uint64_t (*request)(void* ctx, frl_str json, frl_str body, frl_http_callback fn, void* arg);
    /** Asks a running exchange to end; its callback still comes, with FRL_CANCELLED. [plugin, strand] */
    frl_status (*cancel)(void* ctx, uint64_t exchange);
} frl_http_service;

/** Service "ferrule.sessions/1", offered to drivers. */
#define FRL_SERVICE_SESSIONS "ferrule.sessions/1"

typedef struct frl_session_service {
    uint32_t struct_size;
    uint32_t reserved;
    void* ctx;
    /** Says that an open, idle session has ended by itself (peer closed, connection timed out), so that the next job opens a new one instead of failing
     *  on the old. `error_json` is {"code","message","retryable"}. The host answers with `close`. [plugin, strand] */
    frl_status (*lost)(void* ctx, frl_session session, frl_str error_json);
} frl_session_service;

#ifdef __cplusplus
}
#endif

#endif
