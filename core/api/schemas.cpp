#include "api/schemas.hpp"

#include "base/json.hpp"

namespace ferrule::api {

namespace {

constexpr const char* common = R"json({
"Error": {"type": "object", "required": ["code", "message", "retryable"],
  "properties": {"code": {"type": "string", "description": "Stable; for programs"}, "message": {"type": "string"},
    "retryable": {"type": "boolean", "description": "Whether trying the same again can help"}, "details": {}}},
"Problem": {"type": "object", "description": "RFC 9457", "required": ["type", "title", "status", "detail", "code", "retryable"],
  "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
    "detail": {"type": "string"}, "code": {"type": "string"}, "retryable": {"type": "boolean"},
    "request_id": {"type": "string"}, "details": {}}},
"Name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"},
"Duration": {"type": "string", "examples": ["500ms", "10s", "1h30m"]},
"Labels": {"type": "object", "additionalProperties": {"type": "string"}},
"Cursor": {"type": ["string", "null"], "description": "Continues after this page; null on the last"},
"Time": {"type": "string", "format": "date-time"},
"MaybeTime": {"type": ["string", "null"], "format": "date-time"},
"Health": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}},
"Metrics": {"type": "string"},
"OpenApi": {"type": "object"}
})json";

constexpr const char* targets = R"json({
"PromptReply": {"type": "object", "required": ["pattern"], "additionalProperties": false,
  "properties": {"pattern": {"type": "string", "description": "PCRE2, caseless"}, "reply": {"type": "string", "writeOnly": true}}},
"Jump": {"type": "object", "required": ["host", "credential"], "additionalProperties": false,
  "properties": {"host": {"type": "string"}, "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 22},
    "credential": {"$ref": "#/components/schemas/Name"}, "options": {"type": "object"}}},
"Target": {"type": "object", "required": ["host"], "additionalProperties": false,
  "properties": {"driver": {"type": "string", "default": "ssh"}, "platform": {"type": "string"}, "host": {"type": "string"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 22},
    "credential": {"$ref": "#/components/schemas/Name"}, "options": {"type": "object"},
    "jump": {"type": "array", "items": {"$ref": "#/components/schemas/Jump"}},
    "username": {"type": "string"}, "password": {"type": "string", "writeOnly": true},
    "private_key": {"type": "string", "writeOnly": true}, "passphrase": {"type": "string", "writeOnly": true},
    "agent_socket": {"type": "string"}, "enable_password": {"type": "string", "writeOnly": true},
    "answers": {"type": "array", "items": {"$ref": "#/components/schemas/PromptReply"}}}},
"Device": {"type": "object", "required": ["name", "host"], "additionalProperties": false,
  "properties": {"name": {"$ref": "#/components/schemas/Name"}, "driver": {"type": "string", "default": "ssh"},
    "platform": {"type": "string"}, "host": {"type": "string"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 22},
    "credential": {"$ref": "#/components/schemas/Name"}, "options": {"type": "object"},
    "jump": {"type": "array", "items": {"$ref": "#/components/schemas/Jump"}},
    "labels": {"$ref": "#/components/schemas/Labels"}, "enabled": {"type": "boolean", "default": true},
    "session_ttl": {"$ref": "#/components/schemas/Duration"},
    "origin": {"type": "string", "enum": ["file", "api"], "readOnly": true}}},
"DevicePage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Device"}}, "next": {"$ref": "#/components/schemas/Cursor"}}},
"DeviceTest": {"type": "object", "required": ["success"],
  "properties": {"success": {"type": "boolean"}, "latency_ms": {"type": "number"}, "banner": {"type": ["string", "null"]},
    "prompt": {"type": ["string", "null"]},
    "phase": {"type": "string", "description": "The last one that was reached: resolve, connect, authenticate, prompt, ready"},
    "error": {"oneOf": [{"$ref": "#/components/schemas/Error"}, {"type": "null"}]}}},
"CredentialRequest": {"type": "object", "required": ["name", "username"], "additionalProperties": false,
  "properties": {"name": {"$ref": "#/components/schemas/Name"}, "username": {"type": "string"},
    "password": {"type": "string", "writeOnly": true}, "private_key": {"type": "string", "writeOnly": true},
    "passphrase": {"type": "string", "writeOnly": true}, "agent_socket": {"type": "string"},
    "enable_password": {"type": "string", "writeOnly": true},
    "answers": {"type": "array", "items": {"$ref": "#/components/schemas/PromptReply"}}}},
"Credential": {"type": "object", "required": ["name", "username", "has"],
  "properties": {"name": {"$ref": "#/components/schemas/Name"}, "username": {"type": "string"},
    "has": {"type": "array", "description": "The parts that are set", "items": {"type": "string"}}}},
"CredentialPage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Credential"}}, "next": {"$ref": "#/components/schemas/Cursor"}}}
})json";

constexpr const char* jobs = R"json({
"JobState": {"type": "string", "enum": ["queued", "running", "succeeded", "failed", "cancelled", "expired", "unknown"]},
"Strategy": {"type": "string", "enum": ["fifo", "pinned"]},
"Command": {"oneOf": [{"type": "string"}, {"type": "object", "required": ["command"], "additionalProperties": false,
  "properties": {"command": {"type": "string"}, "prompts": {"type": "array", "items": {"$ref": "#/components/schemas/PromptReply"}}}}]},
"JobRequest": {"type": "object", "additionalProperties": false,
  "description": "Exactly one of device and target, exactly one of commands and config",
  "properties": {"device": {"type": "string"}, "target": {"$ref": "#/components/schemas/Target"},
    "commands": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Command"}},
    "config": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    "strategy": {"$ref": "#/components/schemas/Strategy", "default": "pinned"},
    "change": {"type": "boolean", "default": false, "description": "True for anything that is not read-only; config implies it"},
    "ttl": {"$ref": "#/components/schemas/Duration"}, "timeout": {"$ref": "#/components/schemas/Duration"},
    "stop_on_error": {"type": "boolean", "default": true}, "raw": {"type": "boolean", "default": false},
    "labels": {"$ref": "#/components/schemas/Labels"}}},
"CommandResult": {"type": "object", "required": ["command", "output", "elapsed_ms", "truncated", "exit_status"],
  "properties": {"command": {"type": "string"}, "output": {"type": "string"}, "elapsed_ms": {"type": "number"},
    "truncated": {"type": "boolean"}, "skipped": {"type": "boolean"}, "exit_status": {"type": ["integer", "null"]},
    "error": {"$ref": "#/components/schemas/Error"}}},
"Job": {"type": "object", "required": ["id", "state", "device", "node", "strategy", "created_at", "error"],
  "properties": {"id": {"type": "string", "format": "uuid"}, "state": {"$ref": "#/components/schemas/JobState"},
    "device": {"type": "string"}, "node": {"type": ["string", "null"]}, "strategy": {"$ref": "#/components/schemas/Strategy"},
    "change": {"type": "boolean"}, "created_at": {"$ref": "#/components/schemas/Time"},
    "started_at": {"$ref": "#/components/schemas/MaybeTime"}, "finished_at": {"$ref": "#/components/schemas/MaybeTime"},
    "session": {"type": ["object", "null"], "properties": {"id": {"type": "string"}, "reused": {"type": "boolean"}}},
    "results": {"type": "array", "items": {"$ref": "#/components/schemas/CommandResult"}},
    "labels": {"$ref": "#/components/schemas/Labels"},
    "error": {"oneOf": [{"$ref": "#/components/schemas/Error"}, {"type": "null"}]}}},
"JobPage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}, "next": {"$ref": "#/components/schemas/Cursor"}}},
"JobEvents": {"type": "string", "description": "state: the job without results. output: {index, command, offset, text}. result: {index, command, output, …}. end: {id, state}"},
"Events": {"type": "string", "description": "hello: {last_id, restarted}. Then events named after their topic, with ids. job: the job without results. job.output: {job, index, offset, text}. job.result: {job, index, command, output, …}. lagged: {lost}"}
})json";

constexpr const char* commands = R"json({
"TaskState": {"type": "string", "enum": ["queued", "sent", "running", "succeeded", "failed", "timed_out", "refused", "expired", "cancelled", "unknown"]},
"CommandTargets": {"type": "object", "additionalProperties": false, "description": "Exactly one of them",
  "properties": {"agents": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Name"}},
    "group": {"type": "string", "description": "Agents whose label `group` is this"}, "labels": {"$ref": "#/components/schemas/Labels"},
    "all": {"type": "boolean"}}},
"CommandRequest": {"type": "object", "required": ["on"], "additionalProperties": false, "description": "Exactly one of argv and shell",
  "properties": {"on": {"$ref": "#/components/schemas/CommandTargets"},
    "argv": {"type": "array", "minItems": 1, "items": {"type": "string"}, "description": "The program's absolute path and its arguments"},
    "shell": {"type": "string", "description": "A line for /bin/sh; needs the role admin"},
    "user": {"type": "string"}, "directory": {"type": "string"},
    "environment": {"type": "object", "additionalProperties": {"type": "string"}},
    "timeout": {"$ref": "#/components/schemas/Duration"}, "ttl": {"$ref": "#/components/schemas/Duration"}}},
"AgentCommand": {"type": "object", "required": ["id", "state", "on", "created_at", "not_after", "total", "counts"],
  "properties": {"id": {"type": "string", "format": "uuid"}, "state": {"type": "string", "enum": ["running", "finished"]},
    "on": {"$ref": "#/components/schemas/CommandTargets"}, "argv": {"type": "array", "items": {"type": "string"}}, "shell": {"type": "string"},
    "user": {"type": "string"}, "directory": {"type": "string"},
    "environment": {"type": "array", "items": {"type": "string"}, "description": "Names of the variables; never their values"},
    "timeout": {"$ref": "#/components/schemas/Duration"}, "owner": {"type": "string"}, "from": {"type": "string"},
    "created_at": {"$ref": "#/components/schemas/Time"}, "not_after": {"$ref": "#/components/schemas/Time"},
    "finished_at": {"$ref": "#/components/schemas/MaybeTime"}, "total": {"type": "integer"},
    "counts": {"type": "object", "description": "Agents by state; states without any are left out", "additionalProperties": {"type": "integer"}}}},
"AgentCommandPage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/AgentCommand"}}, "next": {"$ref": "#/components/schemas/Cursor"}}},
"CommandTask": {"type": "object", "required": ["id", "command", "agent", "state", "exit_code", "signal", "error"],
  "properties": {"id": {"type": "string", "format": "uuid"}, "command": {"type": "string", "format": "uuid"}, "agent": {"type": "string"},
    "state": {"$ref": "#/components/schemas/TaskState"}, "cancelling": {"type": "boolean"},
    "exit_code": {"type": ["integer", "null"]}, "signal": {"type": ["integer", "null"]},
    "stdout": {"type": "string"}, "stderr": {"type": "string"}, "stdout_truncated": {"type": "boolean"}, "stderr_truncated": {"type": "boolean"},
    "started_at": {"$ref": "#/components/schemas/MaybeTime"}, "finished_at": {"$ref": "#/components/schemas/MaybeTime"},
    "error": {"oneOf": [{"$ref": "#/components/schemas/Error"}, {"type": "null"}]}}},
"CommandTaskPage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/CommandTask"}}, "next": {"$ref": "#/components/schemas/Cursor"}}},
"CommandEvents": {"type": "string", "description": "state: the command. task: a task without output. output: {task, agent, stream, offset, text}. result: a task that has ended, without output. end: the command"},
"CommandKey": {"type": "object", "required": ["key_id", "public_key"], "properties": {"key_id": {"type": "string"}, "public_key": {"type": "string"}}},
"AuditEntry": {"type": "object", "required": ["id", "at", "what", "who"],
  "properties": {"id": {"type": "string", "format": "uuid"}, "at": {"$ref": "#/components/schemas/Time"}, "what": {"type": "string"}, "who": {"type": "string"},
    "from": {"type": "string"}, "about": {"type": "string"}, "details": {"type": ["object", "null"]}}},
"AuditPage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/AuditEntry"}}, "next": {"$ref": "#/components/schemas/Cursor"}}}
})json";

constexpr const char* rest = R"json({
"Session": {"type": "object", "required": ["id", "device", "state"],
  "properties": {"id": {"type": "string"}, "device": {"type": "string"}, "driver": {"type": "string"}, "host": {"type": "string"},
    "port": {"type": "integer"}, "username": {"type": "string"}, "node": {"type": "string"},
    "state": {"type": "string", "enum": ["opening", "idle", "busy", "closing"]}, "opened_at": {"$ref": "#/components/schemas/Time"},
    "last_used_at": {"$ref": "#/components/schemas/Time"}, "commands": {"type": "integer"}}},
"SessionPage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Session"}}, "next": {"$ref": "#/components/schemas/Cursor"}}},
"Role": {"type": "string", "enum": ["viewer", "operator", "admin"]},
"TokenRequest": {"type": "object", "required": ["name"], "additionalProperties": false,
  "properties": {"name": {"$ref": "#/components/schemas/Name"}, "role": {"$ref": "#/components/schemas/Role", "default": "viewer"},
    "lifetime": {"$ref": "#/components/schemas/Duration"}, "expires_at": {"$ref": "#/components/schemas/Time"}}},
"Token": {"type": "object", "required": ["id", "name", "role"],
  "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
    "created_at": {"$ref": "#/components/schemas/Time"}, "expires_at": {"$ref": "#/components/schemas/MaybeTime"}}},
"NewToken": {"allOf": [{"$ref": "#/components/schemas/Token"}, {"type": "object", "required": ["token"],
  "properties": {"token": {"type": "string", "description": "Shown once, kept nowhere"}}}]},
"TokenPage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Token"}}, "next": {"$ref": "#/components/schemas/Cursor"}}},
"Plugin": {"type": "object", "required": ["id", "version", "state"],
  "properties": {"id": {"type": "string"}, "version": {"type": "string"}, "abi": {"type": "string"}, "summary": {"type": "string"},
    "state": {"type": "string", "enum": ["available", "loaded", "retired", "failed"]}, "file": {"type": "string"},
    "components": {"type": "array", "items": {"type": "object", "properties": {"kind": {"type": "string"}, "name": {"type": "string"},
      "execution": {"type": "string"}, "summary": {"type": "string"}}}},
    "in_use": {"type": "integer"}, "healthy": {"type": "boolean"}, "problem": {"type": ["string", "null"]}, "config_schema": {}}},
"PluginPage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Plugin"}}, "next": {"$ref": "#/components/schemas/Cursor"}}},
"Node": {"type": "object", "required": ["name", "capacity", "count", "online"],
  "properties": {"name": {"type": "string"}, "region": {"type": "string"}, "labels": {"$ref": "#/components/schemas/Labels"},
    "capacity": {"type": "integer"}, "count": {"type": "integer"}, "load": {"type": "number"}, "online": {"type": "boolean"}}},
"NodePage": {"type": "object", "required": ["items", "next"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}, "next": {"$ref": "#/components/schemas/Cursor"}}}
})json";

} // namespace

base::json schemas() {
    auto all = base::json::parse(common);
    for (const auto* group : {targets, jobs, commands, rest})
        all.update(base::json::parse(group));
    return all;
}

} // namespace ferrule::api
