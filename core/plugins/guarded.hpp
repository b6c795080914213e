// The wall around calls into a plugin.
#pragma once

#include <exception>

#include "plugins/instance.hpp"

namespace ferrule::plugins {

template <class Call>
bool instance::guarded(const char* function, Call call) noexcept {
    try {
        const call_meter::call measured(*meter_, around_->guard, function);
        call();
        return true;
    } catch (const std::exception& what) {
        note_exception(function, what.what());
    } catch (...) {
        note_exception(function, "of unknown type");
    }
    return false;
}

} // namespace ferrule::plugins
