// A folder that goes with the test, and the sqlite store opened in it as the host does.
#pragma once

#include <catch2/catch.hpp>
#include <ferrule/testhost.hpp>
#include <ferrule/testhost/store.hpp>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace ferrule::tests {

class scratch_folder {
  public:
    scratch_folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "ferrule-store-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("cannot make a folder for the test");
        path_ = pattern;
    }

    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;

    ~scratch_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

inline const std::string jobs_by_state_and_device = R"([{"name":"jobs","attributes":["state","device"]}])";

inline std::string config_for(const std::string& path, const std::string& collections = jobs_by_state_and_device,
                              const std::string& more = "") {
    return R"({"path":")" + path + R"(","collections":)" + collections + more + "}";
}

inline const testhost::plugin& sqlite_plugin() {
    static const auto loaded = testhost::plugin::load(FERRULE_SQLITE_PLUGIN);
    return loaded;
}

/// One open store with a host of its own.
class opened_store {
  public:
    explicit opened_store(const std::string& config)
        : store_(host_, sqlite_plugin().component(FRL_KIND_STORE, "sqlite"), config) {}

    testhost::store* operator->() { return &store_; }

  private:
    testhost::host host_;
    testhost::store store_;
};

inline testhost::record job(const std::string& key, const std::string& state = "queued",
                            const std::string& device = "r1") {
    return testhost::record{"jobs", key, R"({"id":")" + key + "\"}", {state, device}, 0, 0};
}

inline std::vector<std::string> keys_of(const std::vector<testhost::record>& rows) {
    std::vector<std::string> keys;
    for (const auto& row : rows)
        keys.push_back(row.key);
    return keys;
}

/// What opening or calling said when it failed, or "no failure".
template <class Fn>
std::string failure_of(Fn fn) {
    try {
        fn();
    } catch (const std::runtime_error& what) {
        return what.what();
    }
    return "no failure";
}

/// Runs SQL on a file from outside, as another program would.
inline void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* on = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &on) == SQLITE_OK);
    const int code = sqlite3_exec(on, sql.c_str(), nullptr, nullptr, nullptr);
    const std::string message = sqlite3_errmsg(on);
    sqlite3_close(on);
    INFO(message);
    REQUIRE(code == SQLITE_OK);
}

} // namespace ferrule::tests
