// Brings plugin files into the process.
#pragma once

#include <ferrule/abi/host.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "plugins/build.hpp"
#include "plugins/file_stamp.hpp"

namespace ferrule::plugins {

/// What `load` gives: the build, and the stamp of the file that it was read from.
struct loaded_file {
    std::shared_ptr<const plugins::build> build;
    file_stamp stamp;
    /// A later change of the file would show in its stamp.
    bool settled = false;
};

/// Copies a plugin file into the run folder under the hash of its contents, loads that copy, verifies it and lets it
/// initialise itself. The copy is what makes it safe to replace a plugin while it runs. Contents that were loaded
/// before give the same build again; nothing is ever unloaded. Thread-safe; every load blocks its caller, and
/// concurrent loads of the same contents share one.
class loader {
  public:
    /// Makes the host table that the plugin's init is called with; it must stay valid for good.
    using host_maker = std::function<const frl_host*(const note&)>;

    loader(std::filesystem::path run_folder, host_maker make_host);
    loader(const loader&) = delete;
    loader& operator=(const loader&) = delete;
    ~loader();

    /// Fails with `plugin_broken`, `plugin_incompatible` or `plugin_init_failed`; the message names file and step.
    result<loaded_file> load(const std::filesystem::path& file);
    /// Everything that was loaded, oldest first.
    [[nodiscard]] std::vector<std::shared_ptr<const build>> builds() const;

  private:
    struct entry;

    result<void> prepare_folder();
    result<void> map(entry& mine, const std::string& content, const std::string& hash,
                     const std::filesystem::path& file);
    result<void> initialise(const build& mapped, const std::filesystem::path& file);

    const std::filesystem::path run_folder_;
    const host_maker make_host_;
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<entry>> entries_;
    std::vector<std::shared_ptr<const build>> builds_;
    int lock_ = -1;
};

} // namespace ferrule::plugins
