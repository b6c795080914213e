// SPDX-License-Identifier: Apache-2.0
// The whole C++ SDK. A plugin of one kind compiles faster with that kind's header alone.
#pragma once

#include <ferrule/sdk/async.hpp>
#include <ferrule/sdk/batch_probe.hpp>
#include <ferrule/sdk/blocking_driver.hpp>
#include <ferrule/sdk/driver.hpp>
#include <ferrule/sdk/http.hpp>
#include <ferrule/sdk/json.hpp>
#include <ferrule/sdk/probe.hpp>
#include <ferrule/sdk/scheduler.hpp>
#include <ferrule/sdk/store.hpp>
