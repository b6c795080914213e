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

// Never destroyed: code of a plugin may run until the process ends.
void keep_mapped(boost::dll::shared_library library) {
    static auto* const lock = new std::mutex;
    static auto* const all = new std::vector<boost::dll::shared_library>;
    const std::lock_guard held(*lock);
    all->push_back(std::move(library));
}

// Maps a library for good and finds its entry.
result<frl_plugin_entry_fn> map_library(const std::filesystem::path& copy, const std::filesystem::path& file) {
    ::dlerror();
    boost::dll::fs::error_code refused;
    boost::dll::shared_library library(copy, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local,
                                       refused);
    if (refused || !library.is_loaded())
        return failed(file, "loading", error("plugin_broken", loader_message(copy)));
    auto entry =
        library.has(FRL_ENTRY_SYMBOL)
            ? reinterpret_cast<frl_plugin_entry_fn>(reinterpret_cast<void*>(&library.get<void()>(FRL_ENTRY_SYMBOL)))
            : frl_plugin_entry_fn{};
    keep_mapped(std::move(library));
    return entry;
}

// Calls into the plugin, which must not throw but might.
template <class Call>
std::optional<error> guarded(Call call) {
    try {
        return call();
    } catch (const std::exception& thrown) {
        return error("plugin_broken", std::string("it threw an exception: ") + thrown.what());
    } catch (...) {
        return error("plugin_broken", "it threw an exception of unknown type");
    }
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
        const auto began = std::chrono::steady_clock::now();
        if (auto mapped = map(*mine, *content, hash, file); !mapped)
            return mapped.error();
        if (auto ready = initialise(*mine->mapped, file); !ready)
            return ready.error();
        const auto took = std::chrono::steady_clock::now() - began;
        mine->build = mine->mapped;
        base::log::info("plugins", "plugin loaded",
                        {{"plugin", mine->build->note.id},
                         {"version", mine->build->note.version},
                         {"file", file.string()},
                         {"took", base::to_text(std::chrono::duration_cast<std::chrono::microseconds>(took))}});
        const std::lock_guard listed(mutex_);
        builds_.push_back(mine->build);
    }
    out.build = mine->build;
    return out;
}

result<void> loader::map(entry& mine, const std::string& content, const std::string& hash,
                         const std::filesystem::path& file) {
    if (mine.hopeless)
        return *mine.hopeless;
    if (mine.mapped)
        return ok();
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
    const auto entry_function = map_library(*copy, file);
    if (!entry_function)
        return entry_function.error();
    if (*entry_function == nullptr) {
        const error why("plugin_broken", "it does not export " FRL_ENTRY_SYMBOL);
        mine.hopeless = failed(file, "looking for its entry", why);
        return *mine.hopeless;
    }
    std::optional<build> made;
    const auto bad = guarded([&]() -> std::optional<error> {
        auto verified = verify_entry((*entry_function)(), *noted);
        if (!verified)
            return verified.error();
        made = std::move(*verified);
        return std::nullopt;
    });
    if (bad) {
        mine.hopeless = failed(file, "checking its entry", *bad);
        return *mine.hopeless;
    }
    made->file = file;
    made->copy = *copy;
    made->content = hash;
    mine.mapped = std::make_shared<build>(std::move(*made));
    return ok();
}

result<void> loader::initialise(const build& mapped, const std::filesystem::path& file) {
    if (mapped.entry.init == nullptr)
        return ok();
    const auto bad = guarded([&]() -> std::optional<error> {
        error_slot slot;
        const auto status = mapped.entry.init(make_host_(mapped.note), slot);
        if (status == FRL_OK)
            return std::nullopt;
        return slot.take(mapped.note.id, "init", status);
    });
    if (!bad)
        return ok();
    return error("plugin_init_failed", failed(file, "initialising", *bad).message(), bad->retryable(), bad->details());
}

std::vector<std::shared_ptr<const build>> loader::builds() const {
    const std::lock_guard lock(mutex_);
    return builds_;
}

} // namespace ferrule::plugins
