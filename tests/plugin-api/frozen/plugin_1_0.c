/* A plugin as it was written for ABI 1.0: every kind of that version, and every call of its host. It is built on the
 * frozen headers and must run on today's host for as long as major version 1 lives. Never adapt it to a newer version.
 */
#include <ferrule/abi/driver.h>
#include <ferrule/abi/probe.h>
#include <ferrule/abi/scheduler.h>
#include <ferrule/abi/store.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct instance {
    const frl_host* host;
    frl_op op;
    frl_watch watch;
    int pipe[2];
    /* the one record that the store keeps */
    char key[64];
    char value[256];
} instance;

static frl_status create(const frl_host* host, frl_str config, void** out, frl_error* error) {
    instance* self = calloc(1, sizeof *self);
    if (config.len == 0 || self == NULL) {
        free(self);
        host->error_set(host->ctx, error, FRL_STR("no_config"), FRL_STR("The configuration is empty."), 1,
                        FRL_STR("{\"size\":0}"));
        return FRL_INVALID;
    }
    self->host = host;
    *out = self;
    return FRL_OK;
}

static frl_status reconfigure(void* self, frl_str config, frl_error* error) {
    (void)self;
    (void)config;
    (void)error;
    return FRL_OK;
}

static void destroy(void* self) {
    free(self);
}

static void step(const instance* self, const char* letter) {
    (void)self->host->op_emit(self->host->ctx, self->op, (frl_str){letter, 1});
}

/* --- driver: exec walks through the calls of the host, one letter each --- */

static void on_http(void* arg, frl_status status, frl_str json, frl_str body) {
    instance* self = arg;
    step(self, status == FRL_OK && json.len > 0 && body.len == 0 ? "h" : "?");
    self->host->op_complete(self->host->ctx, self->op, FRL_OK, FRL_STR("{}"));
}

static void on_posted(void* arg) {
    instance* self = arg;
    const frl_http_service* http = self->host->get_service(self->host->ctx, FRL_STR(FRL_SERVICE_HTTP));
    step(self, "p");
    if (http == NULL || http->request(http->ctx, FRL_STR("{\"method\":\"GET\",\"url\":\"http://box/\"}"),
                                      (frl_str){NULL, 0}, on_http, self) == 0) {
        self->host->op_complete(self->host->ctx, self->op, FRL_FAILED,
                                FRL_STR("{\"code\":\"no_http\",\"message\":\"No.\",\"retryable\":false}"));
    }
}

static void on_secret(void* arg, frl_status status, frl_str json) {
    instance* self = arg;
    step(self, status == FRL_OK && json.len > 2 ? "s" : "?");
    (void)self->host->post(self->host->ctx, on_posted, self);
}

static void work(void* arg) {
    step(arg, "w");
}

static void on_done(void* arg) {
    instance* self = arg;
    step(self, "d");
    (void)self->host->secret_get(self->host->ctx, FRL_STR("cred"), on_secret, self);
}

static void on_resolved(void* arg, frl_status status, const frl_address* addresses, uint32_t count, frl_str message) {
    instance* self = arg;
    (void)message;
    step(self, status == FRL_OK && count == 1 && addresses[0].family == 4 && addresses[0].bytes[0] == 127 ? "r" : "?");
    (void)self->host->run_blocking(self->host->ctx, work, on_done, self);
}

static void on_never(void* arg) {
    step(arg, "!");
}

static void on_timer(void* arg) {
    instance* self = arg;
    step(self, "t");
    (void)self->host->resolve(self->host->ctx, FRL_STR("127.0.0.1"), on_resolved, self);
}

static void on_fd(void* arg, uint32_t events) {
    instance* self = arg;
    const frl_host* host = self->host;
    const frl_timer cancelled = host->timer_start(host->ctx, host->now_ns(host->ctx) + 1, on_never, self);
    step(self, (events & FRL_FD_READ) != 0 ? "f" : "?");
    (void)host->fd_modify(host->ctx, self->watch, 0);
    (void)host->fd_unwatch(host->ctx, self->watch);
    (void)close(self->pipe[0]);
    (void)close(self->pipe[1]);
    (void)host->timer_cancel(host->ctx, cancelled);
    (void)host->timer_start(host->ctx, host->now_ns(host->ctx) + 1000000u, on_timer, self);
}

static void driver_open(void* self, frl_session session, frl_str target, frl_op op) {
    (void)session;
    (void)target;
    ((instance*)self)->host->op_complete(((instance*)self)->host->ctx, op, FRL_OK, FRL_STR("{}"));
}

static void driver_exec(void* raw, frl_session session, frl_str request, frl_op op) {
    instance* self = raw;
    const frl_host* host = self->host;
    const frl_kv field = {FRL_STR("session"), FRL_STR("one")};
    const frl_metric commands =
        host->metric(host->ctx, FRL_METRIC_COUNTER, FRL_STR("commands_total"), FRL_STR("Commands"), &field, 1);
    (void)session;
    (void)request;
    self->op = op;
    host->log(host->ctx, FRL_LOG_INFO, FRL_STR("walking"), &field, 1);
    host->metric_add(host->ctx, commands, 1);
    if (host->op_cancelled(host->ctx, op) != 0 || pipe(self->pipe) != 0 || write(self->pipe[1], "x", 1) != 1) {
        host->op_complete(host->ctx, op, FRL_CANCELLED,
                          FRL_STR("{\"code\":\"cancelled\",\"message\":\"No.\",\"retryable\":false}"));
        return;
    }
    self->watch = host->fd_watch(host->ctx, self->pipe[0], FRL_FD_READ, on_fd, self);
}

static void driver_simple(void* self, frl_session session, frl_op op) {
    const frl_session_service* sessions =
        ((instance*)self)->host->get_service(((instance*)self)->host->ctx, FRL_STR(FRL_SERVICE_SESSIONS));
    if (sessions != NULL) {
        (void)sessions->lost(sessions->ctx, session,
                             FRL_STR("{\"code\":\"session_lost\",\"message\":\"Gone.\",\"retryable\":true}"));
    }
    driver_open(self, session, (frl_str){NULL, 0}, op);
}

static void cancel(void* self, frl_op op) {
    (void)self;
    (void)op;
}

static const frl_driver_api driver_api = {
    sizeof(frl_driver_api), 0,      create,       reconfigure, destroy, driver_open, driver_exec,
    driver_simple,          cancel, driver_simple};

/* --- probe --- */

static void probe_start(void* raw, frl_str target, uint64_t deadline_ns, frl_op op) {
    instance* self = raw;
    const frl_host* host = self->host;
    (void)target;
    host->op_complete(host->ctx, op, FRL_OK,
                      deadline_ns > host->now_ns(host->ctx) ? FRL_STR("{\"success\":true,\"duration_ms\":0}")
                                                            : FRL_STR("{\"success\":false,\"duration_ms\":0}"));
}

static void probe_batch(void* self, const frl_probe_item* const* items, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
        probe_start(self, items[i]->target, items[i]->deadline_ns, items[i]->op);
    }
}

static const frl_probe_api probe_api = {sizeof(frl_probe_api), 0,           create, reconfigure, destroy,
                                        probe_start,           probe_batch, cancel, probe_start};

/* --- scheduler: everything to the last node whose label "ok" is "yes" --- */

static frl_status scheduler_select(void* self, const frl_node* const* nodes, uint32_t node_count,
                                   const frl_schedule_target* const* targets, uint32_t target_count, uint32_t* choice,
                                   frl_error* error) {
    uint32_t found = FRL_NO_NODE;
    (void)self;
    (void)targets;
    (void)error;
    for (uint32_t i = 0; i < node_count; ++i) {
        for (uint32_t l = 0; l < nodes[i]->label_count; ++l) {
            if (nodes[i]->labels[l].value.len == 3 && memcmp(nodes[i]->labels[l].value.ptr, "yes", 3) == 0) {
                found = i;
            }
        }
    }
    for (uint32_t i = 0; i < target_count; ++i) {
        choice[i] = found;
    }
    return FRL_OK;
}

static const frl_scheduler_api scheduler_api = {sizeof(frl_scheduler_api), 0, create, destroy, scheduler_select};

/* --- store: keeps one record --- */

static void copy(char* out, size_t size, frl_str text) {
    const size_t length = text.len < size ? text.len : size - 1;
    memcpy(out, text.ptr, length);
    out[length] = '\0';
}

static frl_status store_put(void* raw, const frl_record* const* records, uint32_t count, uint8_t* left_out,
                            frl_error* error) {
    instance* self = raw;
    (void)error;
    for (uint32_t i = 0; i < count; ++i) {
        if ((records[i]->flags & FRL_RECORD_INSERT) != 0 && self->key[0] != '\0') {
            left_out[i] = 1;
        } else {
            copy(self->key, sizeof self->key, records[i]->key);
            copy(self->value, sizeof self->value, records[i]->value);
        }
    }
    return FRL_OK;
}

static frl_status store_get(void* raw, frl_str collection, frl_str key, frl_row_callback fn, void* arg,
                            frl_error* error) {
    instance* self = raw;
    frl_record row = {sizeof row, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, NULL, 0, 0};
    (void)error;
    if (key.len == strlen(self->key) && memcmp(key.ptr, self->key, key.len) == 0) {
        row.collection = collection;
        row.key = key;
        row.value = (frl_str){self->value, strlen(self->value)};
        (void)fn(arg, &row);
    }
    return FRL_OK;
}

static frl_status store_scan(void* raw, const frl_scan* scan, frl_row_callback fn, void* arg, frl_error* error) {
    instance* self = raw;
    return store_get(self, scan->collection, (frl_str){self->key, strlen(self->key)}, fn, arg, error);
}

static frl_status store_flush(void* self, frl_error* error) {
    (void)self;
    (void)error;
    return FRL_OK;
}

static frl_status store_maintain(void* raw, int64_t now_ms, uint32_t limit, uint32_t* removed, frl_error* error) {
    instance* self = raw;
    (void)error;
    *removed = now_ms > 0 && limit > 0 && self->key[0] != '\0' ? 1 : 0;
    self->key[0] = '\0';
    return FRL_OK;
}

static const frl_store_api store_api = {
    sizeof(frl_store_api), 0, create, destroy, store_put, store_get, store_scan, store_flush, store_maintain, NULL};

/* --- the plugin --- */

static frl_status init(const frl_host* host, frl_error* error) {
    (void)error;
    host->log(host->ctx, FRL_LOG_DEBUG, FRL_STR("init"), NULL, 0);
    return FRL_OK;
}

static const frl_component driver = {
    sizeof(frl_component), FRL_EXEC_ASYNC, {FRL_KIND_DRIVER, sizeof(FRL_KIND_DRIVER) - 1}, {"frozen", 6}, &driver_api};
static const frl_component probe = {
    sizeof(frl_component), FRL_EXEC_ASYNC, {FRL_KIND_PROBE, sizeof(FRL_KIND_PROBE) - 1}, {"frozen", 6}, &probe_api};
static const frl_component scheduler = {sizeof(frl_component),
                                        FRL_EXEC_PURE,
                                        {FRL_KIND_SCHEDULER, sizeof(FRL_KIND_SCHEDULER) - 1},
                                        {"frozen", 6},
                                        &scheduler_api};
static const frl_component store = {
    sizeof(frl_component), FRL_EXEC_BLOCKING, {FRL_KIND_STORE, sizeof(FRL_KIND_STORE) - 1}, {"frozen", 6}, &store_api};
static const frl_component* const components[] = {&driver, &probe, &scheduler, &store};
static const frl_plugin plugin = {
    sizeof(frl_plugin), FRL_MAGIC, FRL_ABI_MAJOR, FRL_ABI_MINOR, {"frozen", 6}, {"1.0.0", 5}, init, components, 4, 0};

FRL_EXPORT const frl_plugin* ferrule_plugin_entry(void);

FRL_EXPORT const frl_plugin* ferrule_plugin_entry(void) {
    return &plugin;
}

FRL_NOTE("{\"id\":\"frozen\",\"version\":\"1.0.0\",\"abi\":\"1.0\",\"summary\":\"As in the days of ABI "
         "1.0\",\"components\":["
         "{\"kind\":\"ferrule.driver/1\",\"name\":\"frozen\",\"execution\":\"async\"},{\"kind\":\"ferrule.probe/"
         "1\",\"name\":\"frozen\",\"execution\":\"async\"},"
         "{\"kind\":\"ferrule.scheduler/1\",\"name\":\"frozen\",\"execution\":\"pure\"},{\"kind\":\"ferrule.store/"
         "1\",\"name\":\"frozen\",\"execution\":\"blocking\"}]}");
