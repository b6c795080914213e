// What the plugin boundary costs: first use of a plugin, and one command through it, on a driver that does nothing.
//
// Prints one JSON object: first_use_us (note read, copy, load, init, create, open), note_read_us, dlopen_us (baseline:
// the bare loader), exec_us (one coroutine, one command after the other), direct_us (baseline: the same function called
// directly, completion and output included), exec_parallel_us (64 coroutines), reopen_us (open and close).
#include "base/log.hpp"
#include "net/http_client.hpp"
#include "net/libraries.hpp"
#include "net/resolver.hpp"
#include "plugins/plugin_file.hpp"
#include "plugins/registry.hpp"

#include "samples.hpp"

#include <ferrule/abi/driver.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <dlfcn.h>

#include <cstdio>
#include <filesystem>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace plugins = ferrule::plugins;
using clock_type = std::chrono::steady_clock;

double microseconds(clock_type::duration span) {
    return std::chrono::duration<double, std::micro>(span).count();
}

ferrule::base::steady_time far() {
    return ferrule::base::steady_time(clock_type::now().time_since_epoch()) + std::chrono::minutes(10);
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

struct bench {
    bench()
        : names(loop)
        , http(loop) {
        loop.start();
    }

    std::unique_ptr<plugins::registry> make(const std::filesystem::path& files) {
        plugins::settings wanted;
        wanted.folders = {files};
        wanted.run_folder = scratch.path / "run";
        return std::make_unique<plugins::registry>(plugins::surroundings{loop, pool, names, http}, std::move(wanted));
    }

    template <class T>
    T wait(asio::awaitable<T> what) {
        return asio::co_spawn(loop.get_executor(), std::move(what), asio::use_future).get();
    }

    folder scratch;
    ferrule::runtime::io loop;
    ferrule::runtime::blocking_pool pool;
    ferrule::net::resolver names;
    ferrule::net::http_client http;
};

using session = std::shared_ptr<plugins::driver_session>;

asio::awaitable<session> open(plugins::registry& in) {
    auto driver = in.driver("noop");
    if (!driver)
        throw std::runtime_error(driver.error().message());
    auto opening = (*driver)->open("{}", far());
    auto opened = co_await std::move(opening);
    if (!opened)
        throw std::runtime_error(opened.error().message());
    co_return *opened;
}

asio::awaitable<void> run(session on, int times) {
    std::size_t bytes = 0;
    const auto deadline = far();
    for (int i = 0; i < times; ++i) {
        auto running =
            on->exec(R"({"command":"x"})", deadline, [&bytes](std::string_view got) { bytes += got.size(); });
        const auto done = co_await std::move(running);
        if (!done)
            throw std::runtime_error(done.error().message());
    }
    if (bytes != 3U * static_cast<std::size_t>(times))
        throw std::runtime_error("output was lost");
}

asio::awaitable<void> reopen(plugins::registry& in, int times) {
    for (int i = 0; i < times; ++i) {
        auto opening = open(in);
        const auto made = co_await std::move(opening);
        auto closing = made->close(far());
        co_await std::move(closing);
    }
}

// --- the baseline: the same functions without a host in between ---

struct direct_host {
    std::string output;
    std::string json;

    static frl_status emit(void* ctx, frl_op, frl_str bytes) {
        static_cast<direct_host*>(ctx)->output.append(bytes.ptr, bytes.len);
        return FRL_OK;
    }

    static void complete(void* ctx, frl_op, frl_status, frl_str json) {
        static_cast<direct_host*>(ctx)->json.assign(json.ptr, json.len);
    }
};

struct direct_figures {
    double load = 0;
    double exec = 0;
};

direct_figures direct(const std::filesystem::path& file, int times) {
    direct_figures out;
    const auto began = clock_type::now();
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        throw std::runtime_error(::dlerror());
    const auto entry = reinterpret_cast<frl_plugin_entry_fn>(::dlsym(library, FRL_ENTRY_SYMBOL));
    const auto* plugin = entry();
    out.load = microseconds(clock_type::now() - began);
    const auto* api = static_cast<const frl_driver_api*>(plugin->components[0]->api);
    direct_host state;
    frl_host host{};
    host.struct_size = sizeof(host);
    host.ctx = &state;
    host.op_emit = &direct_host::emit;
    host.op_complete = &direct_host::complete;
    void* instance = nullptr;
    if (api->create(&host, FRL_STR("{}"), &instance, nullptr) != FRL_OK)
        throw std::runtime_error("create failed");
    const auto start = clock_type::now();
    for (int i = 0; i < times; ++i) {
        state.output.clear();
        api->exec(instance, 1, FRL_STR("{\"command\":\"x\"}"), 1);
    }
    out.exec = microseconds(clock_type::now() - start) / times;
    api->destroy(instance);
    return out;
}

int measure() {
    constexpr int commands = 200'000;
    bench on;
    const std::filesystem::path noop = FERRULE_NOOP;
    std::vector<double> first;
    std::vector<double> read;
    std::vector<double> load;
    for (int i = 0; i < 21; ++i) {
        // Other bytes each time, so that nothing of it has been loaded before.
        const auto files = on.scratch.path / ("files" + std::to_string(i));
        std::filesystem::create_directories(files);
        const auto file = files / "noop.so";
        std::filesystem::copy_file(noop, file);
        std::FILE* out = std::fopen(file.c_str(), "ab");
        std::fprintf(out, "%d", i);
        std::fclose(out);
        auto start = clock_type::now();
        if (!plugins::read_note(file))
            throw std::runtime_error("no note");
        read.push_back(microseconds(clock_type::now() - start));
        const auto registry = on.make(files);
        start = clock_type::now();
        on.wait(open(*registry)).reset();
        first.push_back(microseconds(clock_type::now() - start));
        on.wait(registry->stop(std::chrono::seconds(5)));
        load.push_back(direct(file, 1).load);
    }
    const auto files = on.scratch.path / "files";
    std::filesystem::create_directories(files);
    std::filesystem::copy_file(noop, files / "noop.so");
    const auto registry = on.make(files);
    const auto one = on.wait(open(*registry));
    auto warm = asio::co_spawn(on.loop.get_executor(), run(one, 10'000), asio::use_future);
    warm.get();
    auto start = clock_type::now();
    asio::co_spawn(on.loop.make_strand(), run(one, commands), asio::use_future).get();
    const auto exec = microseconds(clock_type::now() - start) / commands;

    constexpr int sessions = 64;
    constexpr int share = commands / sessions;
    std::vector<session> many;
    many.reserve(sessions);
    for (int i = 0; i < sessions; ++i)
        many.push_back(on.wait(open(*registry)));
    start = clock_type::now();
    std::vector<std::future<void>> all;
    all.reserve(sessions);
    for (const auto& each : many)
        all.push_back(asio::co_spawn(on.loop.make_strand(), run(each, share), asio::use_future));
    for (auto& each : all)
        each.get();
    const auto parallel = microseconds(clock_type::now() - start) / (sessions * share);

    start = clock_type::now();
    asio::co_spawn(on.loop.make_strand(), reopen(*registry, 20'000), asio::use_future).get();
    const auto cycle = microseconds(clock_type::now() - start) / 20'000;
    const auto bare = direct(noop, commands);
    for (const auto& each : many)
        asio::co_spawn(on.loop.get_executor(), each->close(far()), asio::use_future).get();
    asio::co_spawn(on.loop.get_executor(), one->close(far()), asio::use_future).get();
    on.wait(registry->stop(std::chrono::seconds(5)));
    std::printf(
        "{\"first_use_us\":%.1f,\"note_read_us\":%.1f,\"dlopen_us\":%.1f,\"exec_us\":%.3f,\"exec_parallel_us\":%.3f,"
        "\"direct_us\":%.4f,\"reopen_us\":%.3f}\n",
        ferrule::bench::quantile(first, 0.5), ferrule::bench::quantile(read, 0.5), ferrule::bench::quantile(load, 0.5),
        exec, parallel, bare.exec, cycle);
    return 0;
}

} // namespace

int main() {
    try {
        ferrule::net::init_libraries();
        ferrule::base::log::settings quiet;
        quiet.minimum = ferrule::base::log::level::warn;
        ferrule::base::log::configure(quiet);
        return measure();
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "plugin_bench: %s\n", failed.what());
        return 1;
    }
}
