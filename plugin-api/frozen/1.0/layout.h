/* SPDX-License-Identifier: Apache-2.0
 * Layout of plugin ABI 1.0 on 64-bit machines; written by scripts/abi-freeze. Include it after today's headers:
 * no field may move, and no struct may shrink; values that are passed as they are may not grow either. */
#ifndef FERRULE_FROZEN_LAYOUT_1_0
#define FERRULE_FROZEN_LAYOUT_1_0

#ifdef __cplusplus
#define FRL_FROZEN(condition) static_assert(condition, #condition)
#else
#define FRL_FROZEN(condition) _Static_assert(condition, #condition)
#endif

#define FRL_1_0_SIZE_frl_str 16u
FRL_FROZEN(sizeof(frl_str) == 16);
FRL_FROZEN(offsetof(frl_str, ptr) == 0);
FRL_FROZEN(offsetof(frl_str, len) == 8);

#define FRL_1_0_SIZE_frl_kv 32u
FRL_FROZEN(sizeof(frl_kv) == 32);
FRL_FROZEN(offsetof(frl_kv, key) == 0);
FRL_FROZEN(offsetof(frl_kv, value) == 16);

#define FRL_1_0_SIZE_frl_component 48u
FRL_FROZEN(sizeof(frl_component) >= 48);
FRL_FROZEN(offsetof(frl_component, struct_size) == 0);
FRL_FROZEN(offsetof(frl_component, execution) == 4);
FRL_FROZEN(offsetof(frl_component, kind) == 8);
FRL_FROZEN(offsetof(frl_component, name) == 24);
FRL_FROZEN(offsetof(frl_component, api) == 40);

#define FRL_1_0_SIZE_frl_plugin 72u
FRL_FROZEN(sizeof(frl_plugin) >= 72);
FRL_FROZEN(offsetof(frl_plugin, struct_size) == 0);
FRL_FROZEN(offsetof(frl_plugin, magic) == 4);
FRL_FROZEN(offsetof(frl_plugin, abi_major) == 8);
FRL_FROZEN(offsetof(frl_plugin, abi_minor) == 12);
FRL_FROZEN(offsetof(frl_plugin, id) == 16);
FRL_FROZEN(offsetof(frl_plugin, version) == 32);
FRL_FROZEN(offsetof(frl_plugin, init) == 48);
FRL_FROZEN(offsetof(frl_plugin, components) == 56);
FRL_FROZEN(offsetof(frl_plugin, component_count) == 64);
FRL_FROZEN(offsetof(frl_plugin, reserved) == 68);

#define FRL_1_0_SIZE_frl_driver_api 72u
FRL_FROZEN(sizeof(frl_driver_api) >= 72);
FRL_FROZEN(offsetof(frl_driver_api, struct_size) == 0);
FRL_FROZEN(offsetof(frl_driver_api, reserved) == 4);
FRL_FROZEN(offsetof(frl_driver_api, create) == 8);
FRL_FROZEN(offsetof(frl_driver_api, reconfigure) == 16);
FRL_FROZEN(offsetof(frl_driver_api, destroy) == 24);
FRL_FROZEN(offsetof(frl_driver_api, open) == 32);
FRL_FROZEN(offsetof(frl_driver_api, exec) == 40);
FRL_FROZEN(offsetof(frl_driver_api, keepalive) == 48);
FRL_FROZEN(offsetof(frl_driver_api, cancel) == 56);
FRL_FROZEN(offsetof(frl_driver_api, close) == 64);

#define FRL_1_0_SIZE_frl_address 24u
FRL_FROZEN(sizeof(frl_address) == 24);
FRL_FROZEN(offsetof(frl_address, family) == 0);
FRL_FROZEN(offsetof(frl_address, reserved) == 4);
FRL_FROZEN(offsetof(frl_address, bytes) == 8);

#define FRL_1_0_SIZE_frl_host 160u
FRL_FROZEN(sizeof(frl_host) >= 160);
FRL_FROZEN(offsetof(frl_host, struct_size) == 0);
FRL_FROZEN(offsetof(frl_host, abi_minor) == 4);
FRL_FROZEN(offsetof(frl_host, ctx) == 8);
FRL_FROZEN(offsetof(frl_host, get_service) == 16);
FRL_FROZEN(offsetof(frl_host, log) == 24);
FRL_FROZEN(offsetof(frl_host, metric) == 32);
FRL_FROZEN(offsetof(frl_host, metric_add) == 40);
FRL_FROZEN(offsetof(frl_host, now_ns) == 48);
FRL_FROZEN(offsetof(frl_host, post) == 56);
FRL_FROZEN(offsetof(frl_host, error_set) == 64);
FRL_FROZEN(offsetof(frl_host, op_emit) == 72);
FRL_FROZEN(offsetof(frl_host, op_complete) == 80);
FRL_FROZEN(offsetof(frl_host, op_cancelled) == 88);
FRL_FROZEN(offsetof(frl_host, fd_watch) == 96);
FRL_FROZEN(offsetof(frl_host, fd_modify) == 104);
FRL_FROZEN(offsetof(frl_host, fd_unwatch) == 112);
FRL_FROZEN(offsetof(frl_host, timer_start) == 120);
FRL_FROZEN(offsetof(frl_host, timer_cancel) == 128);
FRL_FROZEN(offsetof(frl_host, resolve) == 136);
FRL_FROZEN(offsetof(frl_host, run_blocking) == 144);
FRL_FROZEN(offsetof(frl_host, secret_get) == 152);

#define FRL_1_0_SIZE_frl_http_service 32u
FRL_FROZEN(sizeof(frl_http_service) >= 32);
FRL_FROZEN(offsetof(frl_http_service, struct_size) == 0);
FRL_FROZEN(offsetof(frl_http_service, reserved) == 4);
FRL_FROZEN(offsetof(frl_http_service, ctx) == 8);
FRL_FROZEN(offsetof(frl_http_service, request) == 16);
FRL_FROZEN(offsetof(frl_http_service, cancel) == 24);

#define FRL_1_0_SIZE_frl_session_service 24u
FRL_FROZEN(sizeof(frl_session_service) >= 24);
FRL_FROZEN(offsetof(frl_session_service, struct_size) == 0);
FRL_FROZEN(offsetof(frl_session_service, reserved) == 4);
FRL_FROZEN(offsetof(frl_session_service, ctx) == 8);
FRL_FROZEN(offsetof(frl_session_service, lost) == 16);

#define FRL_1_0_SIZE_frl_probe_item 40u
FRL_FROZEN(sizeof(frl_probe_item) >= 40);
FRL_FROZEN(offsetof(frl_probe_item, struct_size) == 0);
FRL_FROZEN(offsetof(frl_probe_item, reserved) == 4);
FRL_FROZEN(offsetof(frl_probe_item, target) == 8);
FRL_FROZEN(offsetof(frl_probe_item, deadline_ns) == 24);
FRL_FROZEN(offsetof(frl_probe_item, op) == 32);

#define FRL_1_0_SIZE_frl_probe_api 64u
FRL_FROZEN(sizeof(frl_probe_api) >= 64);
FRL_FROZEN(offsetof(frl_probe_api, struct_size) == 0);
FRL_FROZEN(offsetof(frl_probe_api, reserved) == 4);
FRL_FROZEN(offsetof(frl_probe_api, create) == 8);
FRL_FROZEN(offsetof(frl_probe_api, reconfigure) == 16);
FRL_FROZEN(offsetof(frl_probe_api, destroy) == 24);
FRL_FROZEN(offsetof(frl_probe_api, start) == 32);
FRL_FROZEN(offsetof(frl_probe_api, start_batch) == 40);
FRL_FROZEN(offsetof(frl_probe_api, cancel) == 48);
FRL_FROZEN(offsetof(frl_probe_api, run) == 56);

#define FRL_1_0_SIZE_frl_node 64u
FRL_FROZEN(sizeof(frl_node) >= 64);
FRL_FROZEN(offsetof(frl_node, struct_size) == 0);
FRL_FROZEN(offsetof(frl_node, capacity) == 4);
FRL_FROZEN(offsetof(frl_node, count) == 8);
FRL_FROZEN(offsetof(frl_node, label_count) == 12);
FRL_FROZEN(offsetof(frl_node, name) == 16);
FRL_FROZEN(offsetof(frl_node, region) == 32);
FRL_FROZEN(offsetof(frl_node, load) == 48);
FRL_FROZEN(offsetof(frl_node, labels) == 56);

#define FRL_1_0_SIZE_frl_schedule_target 32u
FRL_FROZEN(sizeof(frl_schedule_target) >= 32);
FRL_FROZEN(offsetof(frl_schedule_target, struct_size) == 0);
FRL_FROZEN(offsetof(frl_schedule_target, label_count) == 4);
FRL_FROZEN(offsetof(frl_schedule_target, key) == 8);
FRL_FROZEN(offsetof(frl_schedule_target, labels) == 24);

#define FRL_1_0_SIZE_frl_scheduler_api 32u
FRL_FROZEN(sizeof(frl_scheduler_api) >= 32);
FRL_FROZEN(offsetof(frl_scheduler_api, struct_size) == 0);
FRL_FROZEN(offsetof(frl_scheduler_api, reserved) == 4);
FRL_FROZEN(offsetof(frl_scheduler_api, create) == 8);
FRL_FROZEN(offsetof(frl_scheduler_api, destroy) == 16);
FRL_FROZEN(offsetof(frl_scheduler_api, select) == 24);

#define FRL_1_0_SIZE_frl_record 80u
FRL_FROZEN(sizeof(frl_record) >= 80);
FRL_FROZEN(offsetof(frl_record, struct_size) == 0);
FRL_FROZEN(offsetof(frl_record, flags) == 4);
FRL_FROZEN(offsetof(frl_record, collection) == 8);
FRL_FROZEN(offsetof(frl_record, key) == 24);
FRL_FROZEN(offsetof(frl_record, value) == 40);
FRL_FROZEN(offsetof(frl_record, expires_at_ms) == 56);
FRL_FROZEN(offsetof(frl_record, attributes) == 64);
FRL_FROZEN(offsetof(frl_record, attribute_count) == 72);
FRL_FROZEN(offsetof(frl_record, reserved) == 76);

#define FRL_1_0_SIZE_frl_scan 72u
FRL_FROZEN(sizeof(frl_scan) >= 72);
FRL_FROZEN(offsetof(frl_scan, struct_size) == 0);
FRL_FROZEN(offsetof(frl_scan, reverse) == 4);
FRL_FROZEN(offsetof(frl_scan, collection) == 8);
FRL_FROZEN(offsetof(frl_scan, from) == 24);
FRL_FROZEN(offsetof(frl_scan, to) == 40);
FRL_FROZEN(offsetof(frl_scan, limit) == 56);
FRL_FROZEN(offsetof(frl_scan, filter_count) == 60);
FRL_FROZEN(offsetof(frl_scan, filters) == 64);

#define FRL_1_0_SIZE_frl_store_api 72u
FRL_FROZEN(sizeof(frl_store_api) >= 72);
FRL_FROZEN(offsetof(frl_store_api, struct_size) == 0);
FRL_FROZEN(offsetof(frl_store_api, reserved) == 4);
FRL_FROZEN(offsetof(frl_store_api, create) == 8);
FRL_FROZEN(offsetof(frl_store_api, destroy) == 16);
FRL_FROZEN(offsetof(frl_store_api, put_batch) == 24);
FRL_FROZEN(offsetof(frl_store_api, get) == 32);
FRL_FROZEN(offsetof(frl_store_api, scan) == 40);
FRL_FROZEN(offsetof(frl_store_api, flush) == 48);
FRL_FROZEN(offsetof(frl_store_api, maintain) == 56);
FRL_FROZEN(offsetof(frl_store_api, try_put_batch) == 64);

#undef FRL_FROZEN

#endif
