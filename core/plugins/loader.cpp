#include "plugins/loader.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "plugins/error_slot.hpp"
#include "plugins/plugin_file.hpp"
#include "plugins/run_folder.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include <dlfcn.h>
#include <openssl/evp.h>

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>

namespace ferrule::plugins {

namespace {

std::string hash_of(const std::string& content) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-256");
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
        out += digits[digest.at(i) >> 4U];
        out += digits[digest.at(i) & 15U];
    }
    return out;
}

error failed(const std::filesystem::path& file, std::string_view step, const error& why) {
    return why.within(file.string() + ": " + std::string(step));
}

// The loader speaks of the copy; people know the file.
std::string loader_message(const std::filesystem::path& copy) {
    const char* said = ::dlerror();
    std::string text = said == nullptr ? "the system's loader gave no reason" : said;
    const auto prefix = copy.string() + ": ";
    if (text.starts_with(prefix))
        text.erase(0, prefix.size());
    return text;
}

} // namespace

// One per contents; its mutex is held while they are loaded, so that others wait for the outcome.
struct loader::entry {
    std::mutex mutex;
    std::shared_ptr<const plugins::build> build;
    // Kept when the library could be mapped but its init failed: it may be asked again, but not mapped again.
    std::shared_ptr<plugins::build> mapped;
    // What is wrong with these contents for good, so that they are not mapped again to find out.
    std::optional<error> hopeless;
};

loader::loader(std::filesystem::path run_folder, host_maker make_host)
    : run_folder_(std::move(run_folder))
    , make_host_(std::move(make_host)) {}

loader::~loader() {
    release_run_folder(lock_);
}

result<void> loader::prepare_folder() {
    const std::lock_guard lock(mutex_);
    if (lock_ >= 0)
        return ok();
    const auto claimed = claim_run_folder(run_folder_);
    if (!claimed)
        return claimed.error();
    lock_ = *claimed;
    return ok();
}

result<loaded_file> loader::load(const std::filesystem::path& file) {
    auto opened = plugin_file::open(file);
    if (!opened)
        return failed(file, "reading", opened.error());
    const auto content = opened->content();
    if (!content)
        return failed(file, "reading", content.error());
    if (const auto same = opened->unchanged(); !same)
        return failed(file, "reading", same.error());
    loaded_file out;
    out.stamp = opened->stamp();
    out.settled = out.stamp.settled();

    const auto hash = hash_of(*content);
    std::shared_ptr<entry> mine;
    {
        const std::lock_guard lock(mutex_);
        auto& place = entries_[hash];
        if (!place)
            place = std::make_shared<entry>();
        mine = place;
    }
    const std::lock_guard lock(mine->mutex);
    if (!mine->build) {
        auto made = bring_in(*content, hash, file);
        if (!made)
            return made.error();
        mine->build = std::move(*made);
    }
    out.build = mine->build;
    return out;
}

result<std::shared_ptr<const build>> loader::bring_in(const std::string& content, const std::string& hash,
                                                      const std::filesystem::path& file) {
    const auto began = std::chrono::steady_clock::now();
    std::shared_ptr<entry> mine;
    {
        const std::lock_guard lock(mutex_);
        mine = entries_.at(hash);
    }
    if (mine->hopeless)
        return *mine->hopeless;
    if (!mine->mapped) {
        const auto text = note_text(memory_source(content));
        if (!text)
            return failed(file, "reading its note", text.error());
        const auto noted = parse_note(*text);
        if (!noted)
            return failed(file, "reading its note", noted.error());
        if (auto ready = prepare_folder(); !ready)
            return failed(file, "copying", ready.error());
        const auto copy = write_copy(run_folder_, hash, file.filename().string(), content);
        if (!copy)
            return failed(file, "copying", copy.error());

        ::dlerror();
        boost::dll::fs::error_code refused;
        // Never destroyed: code of a plugin may run until the process ends.
        auto* library = new boost::dll::shared_library(
            *copy, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local, refused);
        if (refused || !library->is_loaded()) {
            error why("plugin_broken", loader_message(*copy));
            delete library;
            return failed(file, "loading", why);
        }
        if (!library->has(FRL_ENTRY_SYMBOL)) {
            const error why("plugin_broken", "it does not export " FRL_ENTRY_SYMBOL);
            mine->hopeless = failed(file, "looking for its entry", why);
            return *mine->hopeless;
        }
        const auto entry_function =
            reinterpret_cast<frl_plugin_entry_fn>(reinterpret_cast<void*>(&library->get<void()>(FRL_ENTRY_SYMBOL)));
        auto verified = verify_entry(entry_function(), *noted);
        if (!verified) {
            mine->hopeless = failed(file, "checking its entry", verified.error());
            return *mine->hopeless;
        }
        mine->mapped = std::make_shared<build>(std::move(*verified));
        mine->mapped->file = file;
        mine->mapped->copy = *copy;
        mine->mapped->content = hash;
    }
    if (mine->mapped->entry.init != nullptr) {
        error_slot slot;
        std::optional<error> why;
        try {
            const auto status = mine->mapped->entry.init(make_host_(mine->mapped->note), slot);
            if (status != FRL_OK)
                why = slot.take(mine->mapped->note.id, "init", status);
        } catch (const std::exception& thrown) {
            why = error("plugin_init_failed", std::string("it threw an exception: ") + thrown.what());
        } catch (...) {
            why = error("plugin_init_failed", "it threw an exception of unknown type");
        }
        if (why)
            return error("plugin_init_failed", failed(file, "initialising", *why).message(), why->retryable(),
                         why->details());
    }
    const auto took = std::chrono::steady_clock::now() - began;
    base::log::info("plugins", "plugin loaded",
                    {{"plugin", mine->mapped->note.id},
                     {"version", mine->mapped->note.version},
                     {"file", file.string()},
                     {"took", base::to_text(std::chrono::duration_cast<std::chrono::microseconds>(took))}});
    std::shared_ptr<const build> done = mine->mapped;
    const std::lock_guard lock(mutex_);
    builds_.push_back(done);
    return done;
}

std::vector<std::shared_ptr<const build>> loader::builds() const {
    const std::lock_guard lock(mutex_);
    return builds_;
}

} // namespace ferrule::plugins
