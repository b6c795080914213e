/* SPDX-License-Identifier: Apache-2.0
 *
 * Kind "ferrule.scheduler/1": chooses on which node each target runs. A scheduler is PURE: same input, same choice (unless it says that it is random),
 * no host call but log, callable from any thread at the same time.
 */
#ifndef FERRULE_ABI_SCHEDULER_H
#define FERRULE_ABI_SCHEDULER_H

#include <ferrule/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRL_KIND_SCHEDULER "ferrule.scheduler/1"

/** A node that may take work. The host leaves out nodes that are offline or do not match the target's labels. */
typedef struct frl_node {
    uint32_t struct_size;
    uint32_t capacity; /**< Sessions or jobs that it takes at the same time. */
    uint32_t count;    /**< Those it has now. */
    uint32_t label_count;
    frl_str name;
    frl_str region; /**< May be empty. */
    double load;    /**< Load of its host per core, 0 when unknown. */
    const frl_kv* labels;
} frl_node;

/** Something to be placed, such as a device that needs a session. */
typedef struct frl_schedule_target {
    uint32_t struct_size;
    uint32_t label_count;
    frl_str key; /**< Stable name, such as the device's. */
    const frl_kv* labels;
} frl_schedule_target;

/** Placed nowhere: no node has room. */
#define FRL_NO_NODE UINT32_MAX

typedef struct frl_scheduler_api {
    uint32_t struct_size;
    uint32_t reserved;

    /** Makes an instance from its JSON configuration. [any thread] */
    frl_status (*create)(const frl_host* host, frl_str config, void** out, frl_error* error);
    void (*destroy)(void* instance);
    /** Fills `choice[i]` with the index of the node for `targets[i]`, or FRL_NO_NODE. Counts as if each placed target added one to its node. The arrays
     *  hold pointers, so that the structs can grow. [any thread] */
    frl_status (*select)(void* instance, const frl_node* const* nodes, uint32_t node_count, const frl_schedule_target* const* targets,
                         uint32_t target_count, uint32_t* choice, frl_error* error);
} frl_scheduler_api;

#ifdef __cplusplus
}
#endif

#endif
