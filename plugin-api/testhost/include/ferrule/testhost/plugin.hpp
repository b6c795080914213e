// SPDX-License-Identifier: Apache-2.0
// Loading a plugin for a test, from a file or from the test program itself.
#pragma once

#include <ferrule/testhost/host.hpp>
#include <ferrule/testhost/note.hpp>

#include <dlfcn.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace ferrule::testhost {

/// A plugin that stays mapped until the program ends, as with the real host. Everything that is wrong throws
/// std::runtime_error with file and reason.
class plugin {
  public:
    /// Loads a file as the host does: all symbols now, none of them visible to others.
    static plugin load(const std::string& path) {
        void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            throw std::runtime_error("cannot load " + path + ": " + ::dlerror());
        }
        void* symbol = ::dlsym(library, FRL_ENTRY_SYMBOL);
        if (symbol == nullptr) {
            throw std::runtime_error(path + " does not export " FRL_ENTRY_SYMBOL);
        }
        return linked(reinterpret_cast<frl_plugin_entry_fn>(symbol), path);
    }

    /// Uses an entry that is part of the test program.
    static plugin linked(frl_plugin_entry_fn entry, const std::string& where = "the linked plugin") {
        const frl_plugin* raw = entry();
        if (raw == nullptr || raw->struct_size < sizeof(std::uint32_t) * 4) {
            throw std::runtime_error(where + ": the entry returned no plugin");
        }
        if (raw->magic != FRL_MAGIC) {
            throw std::runtime_error(where + ": wrong magic, this is not a Ferrule plugin");
        }
        if (raw->abi_major != FRL_ABI_MAJOR) {
            throw std::runtime_error(where + ": built for ABI major " + std::to_string(raw->abi_major));
        }
        return plugin(raw, where);
    }

    [[nodiscard]] std::string id() const { return text(raw_->id); }

    [[nodiscard]] std::string version() const { return text(raw_->version); }

    /// Runs the plugin's process-wide set-up, if it has one, with a table that only logs.
    void init(host& on) const {
        reported_error error;
        if (raw_->init != nullptr && raw_->init(on.table(FRL_EXEC_PURE), raw(error)) != FRL_OK) {
            throw std::runtime_error(where_ + ": init failed: " + error.code + ": " + error.message);
        }
    }

    /// The component of a kind, by name; an empty name takes the first.
    [[nodiscard]] const frl_component& component(std::string_view kind, std::string_view name = {}) const {
        for (std::uint32_t i = 0; i < raw_->component_count; ++i) {
            const auto& each = *raw_->components[i];
            if (text(each.kind) == kind && (name.empty() || text(each.name) == name)) {
                return each;
            }
        }
        throw std::runtime_error(where_ + " has no " + std::string(kind) + " '" + std::string(name) + "'");
    }

  private:
    plugin(const frl_plugin* raw, std::string where)
        : raw_(raw)
        , where_(std::move(where)) {}

    static frl_error* raw(reported_error& error) noexcept { return testhost::raw(error); }

    const frl_plugin* raw_;
    std::string where_;
};

namespace detail {

/// The part of create and destroy that all kinds share.
template <class Api>
class instance {
  public:
    instance(const instance&) = delete;
    instance& operator=(const instance&) = delete;

    ~instance() { destroy(); }

    /// Ends the instance as the host does: what was promised comes first, then destroy.
    void destroy() {
        if (raw_ != nullptr) {
            host_->services().release();
            host_->loop().finish_blocking();
            destroy_abruptly();
            host_->loop().run_ready();
        }
    }

    /// Ends the instance while answers are still on their way, which a plugin must survive too.
    void destroy_abruptly() {
        host_->refuse_posts(true);
        api_.destroy(std::exchange(raw_, nullptr));
        host_->refuse_posts(false);
    }

    [[nodiscard]] const Api& api() const noexcept { return api_; }

    [[nodiscard]] void* raw() const noexcept { return raw_; }

  protected:
    instance(host& on, const frl_component& component, std::string_view config)
        : host_(&on)
        , execution_(component.execution) {
        const auto* api = static_cast<const Api*>(component.api);
        std::memcpy(&api_, api, std::min<std::size_t>(api->struct_size, sizeof(Api)));
        reported_error error;
        const auto status = api_.create(on.table(execution_), str(config), &raw_, testhost::raw(error));
        if (status != FRL_OK) {
            raw_ = nullptr;
            throw std::runtime_error(error.code + ": " + error.message);
        }
        on.loop().run_ready();
    }

    [[nodiscard]] host& on() const noexcept { return *host_; }

    /// Runs a function of the plugin where its execution says: here, or on a thread of its own.
    template <class Fn>
    void invoke(Fn fn) const {
        if (execution_ == FRL_EXEC_BLOCKING) {
            host_->loop().run_blocking(fn, [] {});
        } else {
            fn();
        }
    }

  private:
    host* host_;
    Api api_{};
    std::uint32_t execution_;
    void* raw_ = nullptr;
};

} // namespace detail

} // namespace ferrule::testhost
