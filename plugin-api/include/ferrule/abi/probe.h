/* SPDX-License-Identifier: Apache-2.0
 *
 * Kind "ferrule.probe/1": measures one aspect of a target once, such as whether a TCP port accepts and how long it took.
 *
 * ASYNC probes implement `start` (and may implement `start_batch`); BLOCKING probes implement `run`.
 */
#ifndef FERRULE_ABI_PROBE_H
#define FERRULE_ABI_PROBE_H

#include <ferrule/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRL_KIND_PROBE "ferrule.probe/1"

/** One probe of a batch. */
typedef struct frl_probe_item {
    uint32_t struct_size;
    uint32_t reserved;
    frl_str target;       /**< JSON as for `start`; borrowed until `op` is completed, while the item itself is until the call returns. */
    uint64_t deadline_ns; /**< As for `start`. */
    frl_op op;
} frl_probe_item;

/** A probe completes its operation with FRL_OK also when the target is down: {"success":bool,"duration_ms":number,"reason"?:text,"failed_phase"?:
 *  "resolve"|"connect"|"tls"|"request"|"reply"|"local","metrics"?:{name:number,…},"labels"?:{name:text,…},"phases_ms"?:{…}}. An error means that the
 *  probe itself could not be made (bad settings, no permission). */
typedef struct frl_probe_api {
    uint32_t struct_size;
    uint32_t reserved;

    /** Makes an instance. `config` is the JSON object from `plugins.<name>` of the configuration. [host strand] */
    frl_status (*create)(const frl_host* host, frl_str config, void** out, frl_error* error);
    /** Optional. [host strand] */
    frl_status (*reconfigure)(void* instance, frl_str config, frl_error* error);
    /** Every operation is completed before it is called. [host strand] */
    void (*destroy)(void* instance);

    /** Starts a probe of `target`, JSON {"host","port"?, and what the probe's schema describes}, borrowed until `op` is completed. It should complete by `deadline_ns` of now_ns, with
     *  success false and a reason if nothing came. [host strand] */
    void (*start)(void* instance, frl_str target, uint64_t deadline_ns, frl_op op);
    /** Optional. Starts many at once; each completes on its own. [host strand] */
    void (*start_batch)(void* instance, const frl_probe_item* const* items, uint32_t count);
    /** Asks a running probe to end soon; its completion is still owed. [host strand] [any thread for BLOCKING] */
    void (*cancel)(void* instance, frl_op op);
    /** BLOCKING probes: measures and completes before it returns, watching op_cancelled. Called at the same time from several threads. [may block] */
    void (*run)(void* instance, frl_str target, uint64_t deadline_ns, frl_op op);
} frl_probe_api;

#ifdef __cplusplus
}
#endif

#endif
