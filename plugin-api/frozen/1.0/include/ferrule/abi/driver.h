/* SPDX-License-Identifier: Apache-2.0
 *
 * Kind "ferrule.driver/1": opens sessions to devices and runs commands on them.
 *
 * One instance serves many sessions. On one session the host starts one operation at a time, and none before `open` completed; `close` may come at
 * any time and ends whatever runs. The target of an `open` and the request of an `exec` are borrowed until the operation is completed. ASYNC drivers must not block. In a BLOCKING driver the same functions are called on the blocking pool, one at a time
 * a session, and complete their operation before they return; `cancel` then comes from another thread.
 */
#ifndef FERRULE_ABI_DRIVER_H
#define FERRULE_ABI_DRIVER_H

#include <ferrule/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRL_KIND_DRIVER "ferrule.driver/1"

typedef struct frl_driver_api {
    uint32_t struct_size;
    uint32_t reserved;

    /** Makes an instance. `config` is the JSON object from `plugins.<name>` of the configuration. On FRL_OK `*out` is the instance. [host strand] */
    frl_status (*create)(const frl_host* host, frl_str config, void** out, frl_error* error);
    /** Optional. Takes a new configuration; sessions that are open keep the old one. [host strand] */
    frl_status (*reconfigure)(void* instance, frl_str config, frl_error* error);
    /** Ends the instance. Every session is closed and every operation completed before it is called. [host strand] */
    void (*destroy)(void* instance);

    /** Opens `session` to a device. `target` is JSON {"name"?,"host","port","credential","platform":{…}?,"options":{…}?,"connect_timeout_ms",
     *  "auth_timeout_ms","jump":[{"host","port","credential","options"?},…]?,"keepalive_ms"?}; credentials are references for secret_get. Completes with
     *  {"banner"?,"prompt"?,"details"?}. After a failed open the session does not exist and is not closed. [host strand] */
    void (*open)(void* instance, frl_session session, frl_str target, frl_op op);
    /** Runs one command, or a block of configuration lines. `request` is JSON {"command"} or {"config":[line,…]}, with {"prompts":[{"pattern","reply",
     *  "secret"?},…]?,"idle_timeout_ms","stop_on_error","raw"?,"mode"?}. A command's output streams through op_emit and it completes with
     *  {"exit_status"?,"failed"?: {"code","message"}}; "failed" says that the device refused the command while the session lives. Configuration completes
     *  with {"lines":[{"command","output","failed"?,"skipped"?},…]}. Completing with an error code of "session_lost", "prompt_timeout" or "cancelled"
     *  means that the session is not usable any more. [host strand] */
    void (*exec)(void* instance, frl_session session, frl_str request, frl_op op);
    /** Proves that the device still answers: sends a RETURN and waits for the prompt. Completes with {} or an error. [host strand] */
    void (*keepalive)(void* instance, frl_session session, frl_op op);
    /** Asks a running operation to end soon; its completion is still owed. It may come when the operation has just been completed, or in a BLOCKING
     *  driver when its function is just being called; then it changes nothing, and op_cancelled tells of it. [host strand] */
    void (*cancel)(void* instance, frl_op op);
    /** Closes a session: ends what runs on it, says goodbye within a short time, frees everything. Completes with {}. [host strand] */
    void (*close)(void* instance, frl_session session, frl_op op);
} frl_driver_api;

#ifdef __cplusplus
}
#endif

#endif
