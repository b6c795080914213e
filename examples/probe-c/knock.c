/* A probe in plain C: does a TCP port open, and how long does it take?
 *
 * It is asynchronous: the host resolves the name, tells when the socket has connected, and wakes it at the deadline.
 * Everything runs on one strand, so there are no threads and no locks. Read it from the bottom: the entry, the table,
 * `start`, and then the callbacks in the order in which they come. */
#include <ferrule/abi/probe.h>

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- what the probe remembers ---- */

typedef struct knock {
    struct prober* owner;
    struct knock* next;
    frl_op op;
    uint64_t started_ns;
    uint64_t deadline_ns;
    frl_watch watch;
    frl_timer timer;
    int socket;
    uint16_t port;
    int resolving; /* the answer of resolve is still to come, so this must not be freed yet */
    int finished;
} knock;

typedef struct prober {
    const frl_host* host;
    knock* running;
} prober;

/* ---- ending a probe ---- */

static void forget(knock* k) {
    knock** at = &k->owner->running;
    while (*at != k) {
        at = &(*at)->next;
    }
    *at = k->next;
    free(k);
}

/* Completes the operation and lets go of everything; `json` is NULL for a cancelled probe. */
static void finish(knock* k, const char* json) {
    const frl_host* host = k->owner->host;
    if (k->watch != 0) {
        host->fd_unwatch(host->ctx, k->watch); /* before the descriptor is closed */
    }
    if (k->timer != 0) {
        host->timer_cancel(host->ctx, k->timer);
    }
    if (k->socket >= 0) {
        close(k->socket);
    }
    k->watch = 0;
    k->timer = 0;
    k->socket = -1;
    k->finished = 1;
    if (json != NULL) {
        host->op_complete(host->ctx, k->op, FRL_OK, (frl_str){json, strlen(json)});
    } else {
        host->op_complete(
            host->ctx, k->op, FRL_CANCELLED,
            FRL_STR("{\"code\":\"cancelled\",\"message\":\"The probe was cancelled.\",\"retryable\":false}"));
    }
    if (!k->resolving) {
        forget(k);
    }
}

static double elapsed_ms(const knock* k) {
    const frl_host* host = k->owner->host;
    return (double)(host->now_ns(host->ctx) - k->started_ns) / 1e6;
}

static void up(knock* k) {
    char json[128];
    snprintf(json, sizeof json, "{\"success\":true,\"duration_ms\":%.3f}", elapsed_ms(k));
    finish(k, json);
}

/* A target that is down is a result too, not an error. `reason` must not need escaping in JSON. */
static void down(knock* k, const char* phase, const char* reason) {
    char json[512];
    snprintf(json, sizeof json, "{\"success\":false,\"duration_ms\":%.3f,\"reason\":\"%s\",\"failed_phase\":\"%s\"}",
             elapsed_ms(k), reason, phase);
    finish(k, json);
}

/* ---- the callbacks, in order ---- */

static void on_deadline(void* arg) {
    knock* k = arg;
    k->timer = 0; /* it has fired */
    down(k, k->resolving ? "resolve" : "connect", "no answer in time");
}

static void on_connected(void* arg, uint32_t events) {
    knock* k = arg;
    int error = 0;
    socklen_t size = sizeof error;
    (void)events;
    if (getsockopt(k->socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    if (error == 0) {
        up(k);
    } else {
        down(k, "connect", strerror(error));
    }
}

static void knock_at(knock* k, const frl_address* address) {
    const frl_host* host = k->owner->host;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(k->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(k->port)};
    const int is_v4 = address->family == 4;
    memcpy(&v4.sin_addr, address->bytes, sizeof v4.sin_addr);
    memcpy(&v6.sin6_addr, address->bytes, sizeof v6.sin6_addr);

    k->socket = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (k->socket < 0) {
        down(k, "local", strerror(errno));
        return;
    }
    const int done = is_v4 ? connect(k->socket, (const struct sockaddr*)&v4, sizeof v4)
                           : connect(k->socket, (const struct sockaddr*)&v6, sizeof v6);
    if (done == 0) {
        up(k);
    } else if (errno != EINPROGRESS) {
        down(k, "connect", strerror(errno));
    } else {
        k->watch = host->fd_watch(host->ctx, k->socket, FRL_FD_WRITE, on_connected, k);
        if (k->watch == 0) {
            down(k, "local", "the host refused to watch the socket");
        }
    }
}

static void on_resolved(void* arg, frl_status status, const frl_address* addresses, uint32_t count, frl_str message) {
    knock* k = arg;
    (void)message;
    k->resolving = 0;
    if (k->finished) { /* its deadline came first */
        forget(k);
    } else if (status != FRL_OK || count == 0) {
        down(k, "resolve", "the name does not resolve");
    } else {
        knock_at(k, &addresses[0]);
    }
}

/* ---- reading the target ---- */

/* The value of a member of a flat JSON object, or NULL: enough for a target of host and port. A plugin that takes more
 * wants a JSON library. */
static const char* member(frl_str json, const char* name, size_t* length) {
    char key[64];
    const int size = snprintf(key, sizeof key, "\"%s\"", name);
    const char* end = json.ptr + json.len;
    for (const char* at = json.ptr; at + size < end; ++at) {
        if (memcmp(at, key, (size_t)size) == 0) {
            at += size;
            while (at < end && *at == ' ') {
                ++at;
            }
            if (at == end || *at != ':') { /* a value that looks like the name */
                continue;
            }
            do {
                ++at;
            } while (at < end && *at == ' ');
            const int quoted = at < end && *at == '"';
            const char* start = at + quoted;
            const char* stop = start;
            while (stop < end && (quoted ? *stop != '"' : (*stop >= '0' && *stop <= '9'))) {
                ++stop;
            }
            *length = (size_t)(stop - start);
            return start;
        }
    }
    return NULL;
}

/* ---- the functions of the kind ---- */

static frl_status create(const frl_host* host, frl_str config, void** out, frl_error* error) {
    prober* self = calloc(1, sizeof *self);
    (void)config;
    if (self == NULL) {
        host->error_set(host->ctx, error, FRL_STR("out_of_memory"), FRL_STR("There is no memory for the probe."), 1,
                        (frl_str){NULL, 0});
        return FRL_FAILED;
    }
    self->host = host;
    *out = self;
    return FRL_OK;
}

static void destroy(void* instance) {
    free(instance);
}

static void start(void* instance, frl_str target, uint64_t deadline_ns, frl_op op) {
    prober* self = instance;
    const frl_host* host = self->host;
    size_t host_length = 0;
    size_t port_length = 0;
    const char* name = member(target, "host", &host_length);
    const char* port = member(target, "port", &port_length);
    knock* k = NULL;

    if (name != NULL && host_length > 0 && port != NULL && port_length > 0 && port_length <= 5) {
        k = calloc(1, sizeof *k);
    }
    if (k == NULL) {
        host->op_complete(host->ctx, op, FRL_FAILED,
                          FRL_STR("{\"code\":\"invalid_target\",\"message\":\"The target needs a host and a "
                                  "port.\",\"retryable\":false}"));
        return;
    }
    k->owner = self;
    k->next = self->running;
    self->running = k;
    k->op = op;
    k->started_ns = host->now_ns(host->ctx);
    k->deadline_ns = deadline_ns;
    k->socket = -1;
    k->port = (uint16_t)strtoul(port, NULL, 10);
    k->timer = host->timer_start(host->ctx, deadline_ns, on_deadline, k);
    k->resolving = 1;
    if (host->resolve(host->ctx, (frl_str){name, host_length}, on_resolved, k) != FRL_OK) {
        k->resolving = 0;
        down(k, "resolve", "the host refused to resolve the name");
    }
}

static void cancel(void* instance, frl_op op) {
    prober* self = instance;
    for (knock* k = self->running; k != NULL; k = k->next) {
        if (k->op == op && !k->finished) {
            finish(k, NULL);
            return;
        }
    }
}

/* ---- what the plugin offers ---- */

static const frl_probe_api api = {
    .struct_size = sizeof(frl_probe_api),
    .create = create,
    .destroy = destroy,
    .start = start,
    .cancel = cancel,
};

static const frl_component component = {
    .struct_size = sizeof(frl_component),
    .execution = FRL_EXEC_ASYNC,
    .kind = {FRL_KIND_PROBE, sizeof(FRL_KIND_PROBE) - 1},
    .name = {"knock", 5},
    .api = &api,
};

static const frl_component* const components[] = {&component};

static const frl_plugin plugin = {
    .struct_size = sizeof(frl_plugin),
    .magic = FRL_MAGIC,
    .abi_major = FRL_ABI_MAJOR,
    .abi_minor = FRL_ABI_MINOR,
    .id = {"knock", 5},
    .version = {"1.0.0", 5},
    .components = components,
    .component_count = 1,
};

FRL_EXPORT const frl_plugin* ferrule_plugin_entry(void);

FRL_EXPORT const frl_plugin* ferrule_plugin_entry(void) {
    return &plugin;
}

FRL_NOTE("{\"id\":\"knock\",\"version\":\"1.0.0\",\"abi\":\"1.0\",\"summary\":\"Knocks at a TCP port\","
         "\"components\":[{\"kind\":\"ferrule.probe/1\",\"name\":\"knock\",\"execution\":\"async\"}]}");
