// SPDX-License-Identifier: Apache-2.0
// A host for plugin tests: virtual time, real descriptors, scripted services, and a record of every call.
#pragma once

#include <ferrule/testhost/driver.hpp>
#include <ferrule/testhost/host.hpp>
#include <ferrule/testhost/plugin.hpp>
#include <ferrule/testhost/probe.hpp>
#include <ferrule/testhost/scheduler.hpp>
#include <ferrule/testhost/store.hpp>
