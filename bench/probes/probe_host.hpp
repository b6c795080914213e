// The plugin host without a daemon, for benchmarks of probes.
#pragma once

#include "base/log.hpp"
#include "net/http_client.hpp"
#include "net/libraries.hpp"
#include "net/resolver.hpp"
#include "plugins/registry.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>

namespace ferrule::bench {

/// Quiets the log and prepares the libraries; first of all.
inline void prepare() {
    net::init_libraries();
    base::log::settings quiet;
    quiet.minimum = base::log::level::warn;
    base::log::configure(quiet);
}

inline base::steady_time in(std::chrono::seconds span) {
    return base::steady_time(std::chrono::steady_clock::now().time_since_epoch()) + span;
}

/// Of this process, since its start.
inline double processor_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& span) {
        return static_cast<double>(span.tv_sec) + static_cast<double>(span.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// A folder that goes with the object.
struct folder {
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "ferrule-bench-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no scratch folder");
        path = name;
    }

    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    ~folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }

    std::filesystem::path path;
};

/// One probe plugin, loaded as the daemon does.
struct probe_host {
    probe_host(const std::string& name, const std::filesystem::path& file)
        : names(loop)
        , http(loop) {
        loop.start();
        plugins::settings wanted;
        const auto files = scratch.path / "files" / "probes";
        std::filesystem::create_directories(files);
        std::filesystem::copy_file(file, files / (name + ".so"));
        wanted.folders = {files.parent_path()};
        wanted.run_folder = scratch.path / "run";
        registry =
            std::make_unique<plugins::registry>(plugins::surroundings{loop, pool, names, http}, std::move(wanted));
        auto found = registry->probe(name);
        if (!found)
            throw std::runtime_error(found.error().message());
        probe = *found;
    }

    ~probe_host() {
        probe.reset();
        boost::asio::co_spawn(loop.get_executor(), registry->stop(std::chrono::seconds(5)), boost::asio::use_future)
            .get();
    }

    probe_host(const probe_host&) = delete;
    probe_host& operator=(const probe_host&) = delete;

    folder scratch;
    runtime::io loop;
    runtime::blocking_pool pool;
    net::resolver names;
    net::http_client http;
    std::unique_ptr<plugins::registry> registry;
    std::shared_ptr<plugins::probe> probe;
};

} // namespace ferrule::bench
