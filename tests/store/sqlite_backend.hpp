// The sqlite plugin behind the seam of the store floor, and a folder that goes with the test.
#pragma once

#include <ferrule/testhost/plugin.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "plugins/error_slot.hpp"
#include "plugins/store.hpp"
#include "store/backend.hpp"

namespace ferrule::tests {

class scratch_folder {
  public:
    explicit scratch_folder(const std::filesystem::path& in = std::filesystem::temp_directory_path()) {
        auto pattern = (in / "ferrule-store-XXXXXX").string();
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

/// An open store plugin with no more of a host than a store needs: a place for its errors.
class loaded_store final : public plugins::store {
  public:
    explicit loaded_store(const std::string& config) {
        static const auto plugin = testhost::plugin::load(FERRULE_SQLITE_PLUGIN);
        api_ = static_cast<const frl_store_api*>(plugin.component(FRL_KIND_STORE, "sqlite").api);
        host_.struct_size = sizeof(host_);
        host_.error_set = [](void*, frl_error* into, frl_str code, frl_str message, std::int32_t retryable, frl_str) {
            into->what = error(std::string(code.ptr, code.len), std::string(message.ptr, message.len), retryable != 0);
        };
        plugins::error_slot failed;
        const auto status = api_->create(&host_, frl_str{config.data(), config.size()}, &handle_, failed);
        if (status != FRL_OK)
            throw std::runtime_error(failed.take(name_, "create", status).message());
    }

    loaded_store(const loaded_store&) = delete;
    loaded_store& operator=(const loaded_store&) = delete;

    ~loaded_store() override { api_->destroy(handle_); }

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

    [[nodiscard]] const frl_store_api& api() const noexcept override { return *api_; }

    [[nodiscard]] void* handle() const noexcept override { return handle_; }

  private:
    const std::string name_ = "sqlite";
    const frl_store_api* api_ = nullptr;
    frl_host host_{};
    void* handle_ = nullptr;
};

inline std::unique_ptr<store::backend> open_sqlite(const std::string& path, const std::string& durability = "normal") {
    return store::make_backend(std::make_shared<loaded_store>(
        R"({"path":")" + path + R"(","durability":")" + durability +
        R"(","collections":[{"name":"jobs","attributes":["state","device"]},{"name":"keys","attributes":[]}]})"));
}

inline store::record job(const std::string& key, const std::string& state = "queued") {
    store::record made("jobs", key, "{\"id\":\"" + key + "\",\"state\":\"" + state + "\"}");
    made.attributes = {state, "r1"};
    return made;
}

} // namespace ferrule::tests
