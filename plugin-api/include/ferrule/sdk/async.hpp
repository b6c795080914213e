// SPDX-License-Identifier: Apache-2.0
// Everything that a coroutine of an asynchronous component can wait for.
#pragma once

#include <ferrule/sdk/event.hpp>
#include <ferrule/sdk/http.hpp>
#include <ferrule/sdk/offload.hpp>
#include <ferrule/sdk/resolve.hpp>
#include <ferrule/sdk/secret.hpp>
#include <ferrule/sdk/spawn.hpp>
#include <ferrule/sdk/task.hpp>
#include <ferrule/sdk/timer.hpp>
#include <ferrule/sdk/watch.hpp>
