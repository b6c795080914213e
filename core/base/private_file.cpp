#include "base/private_file.hpp"

#include <sodium.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ferrule::base {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t largest = std::size_t{1} << 20U;

error fault(const fs::path& file, const file_words& words, const std::string& why) {
    return error(words.code, words.before + file.string() + words.after + why);
}

struct descriptor {
    explicit descriptor(int opened)
        : number(opened) {}

    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    ~descriptor() {
        if (number >= 0)
            ::close(number);
    }

    int number;
};

result<std::string> read_all(const fs::path& file, int number, const file_words& words) {
    std::string text;
    std::array<char, 4096> piece;
    for (;;) {
        const auto got = ::read(number, piece.data(), piece.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || text.size() > largest)
            return fault(file, words,
                         got < 0 ? std::string("cannot be read: ") + std::strerror(errno) : "is too large");
        if (got == 0)
            break;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    ::sodium_memzero(piece.data(), piece.size());
    return text;
}

bool write_all(int number, std::string_view text) {
    while (!text.empty()) {
        const auto put = ::write(number, text.data(), text.size());
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    return ::fsync(number) == 0;
}

// The draft is given to `place`, which puts it where it belongs.
template <class Place>
result<void> write_beside(const fs::path& file, std::string_view text, unsigned mode, const file_words& words,
                          Place place) {
    std::error_code failed;
    const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (fs::create_directories(folder, failed))
        fs::permissions(folder, fs::perms::owner_all, failed);
    // A name of its own: two processes may have the same number in two containers, and threads share one.
    auto draft = file.string() + ".new.XXXXXX";
    const descriptor out(::mkostemp(draft.data(), O_CLOEXEC)); // mode 0600
    if (out.number < 0)
        return fault(file, words, std::string("cannot be made: ") + std::strerror(errno) + words.remedy);
    const bool placed = write_all(out.number, text) && ::fchmod(out.number, static_cast<mode_t>(mode)) == 0 &&
                        place(draft.c_str(), file.c_str()) == 0;
    const int why = errno;
    ::unlink(draft.c_str());
    if (!placed && why != EEXIST)
        return fault(file, words, std::string("cannot be written: ") + std::strerror(why));
    // Also when another was faster: what is sealed with its key must not outlive the name of that either.
    const descriptor place_of(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (place_of.number >= 0)
        ::fsync(place_of.number);
    if (!placed)
        return error("exists", words.before + file.string() + words.after + "is already there");
    return ok();
}

} // namespace

bool is_there(const fs::path& file) {
    struct stat about {};

    return ::lstat(file.c_str(), &about) == 0;
}

result<std::optional<secret>> find_private(const fs::path& file, const file_words& words) {
    const descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.number < 0 && errno == ENOENT)
        return std::optional<secret>();
    if (in.number < 0)
        return fault(file, words, std::string("cannot be opened: ") + std::strerror(errno));

    struct stat about {};

    if (::fstat(in.number, &about) != 0)
        return fault(file, words, std::string("cannot be examined: ") + std::strerror(errno));
    if ((about.st_mode & 077U) != 0)
        return fault(file, words, "can be read by others: run chmod 600 " + file.string());
    if (about.st_uid != ::geteuid())
        return fault(file, words, "belongs to another user: run the daemon as its owner, or chown it");
    auto text = read_all(file, in.number, words);
    if (!text)
        return text.error();
    std::optional<secret> kept(secret{std::string(*text)});
    wipe(*text);
    return kept;
}

result<secret> read_private(const fs::path& file, const file_words& words) {
    auto found = find_private(file, words);
    if (!found)
        return found.error();
    if (!*found)
        return fault(file, words, std::string("cannot be opened: ") + std::strerror(ENOENT));
    return std::move(**found);
}

result<std::string> read_public(const fs::path& file, const file_words& words) {
    const descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.number < 0)
        return fault(file, words, std::string("cannot be opened: ") + std::strerror(errno));
    return read_all(file, in.number, words);
}

result<void> write_file(const fs::path& file, std::string_view text, unsigned mode, const file_words& words) {
    return write_beside(file, text, mode, words, [](const char* from, const char* to) { return ::rename(from, to); });
}

result<void> make_private(const fs::path& file, std::string_view text, const file_words& words) {
    return write_beside(file, text, 0600, words, [](const char* from, const char* to) { return ::link(from, to); });
}

result<secret> open_key(const fs::path& file, std::size_t size, const file_words& words, const std::string& lost) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto kept = find_private(file, words);
        if (!kept)
            return kept.error();
        if (*kept && (*kept)->reveal().size() != size)
            return fault(file, words, "does not hold a key of " + std::to_string(size) + " bytes: " + lost);
        if (*kept)
            return std::move(**kept);
        std::string fresh(size, '\0');
        ::randombytes_buf(fresh.data(), fresh.size());
        const auto made = make_private(file, fresh, words);
        wipe(fresh);
        if (!made && made.error().code() != "exists")
            return made.error();
    }
    return fault(file, words, "vanished while it was being opened");
}

} // namespace ferrule::base
