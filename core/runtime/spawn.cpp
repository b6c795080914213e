#include "runtime/spawn.hpp"

#include "base/log.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace ferrule::runtime {

void log_escaped(std::string_view part, const std::exception_ptr& what) noexcept {
    try {
        std::rethrow_exception(what);
    } catch (const boost::system::system_error& failed) {
        if (failed.code() != asio::error::operation_aborted)
            base::log::error(part, "an exception ended a task", {{"what", failed.what()}});
    } catch (const std::exception& failed) {
        base::log::error(part, "an exception ended a task", {{"what", failed.what()}});
    } catch (...) {
        base::log::error(part, "an unknown exception ended a task");
    }
}

} // namespace ferrule::runtime
