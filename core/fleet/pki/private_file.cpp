#include "fleet/pki/private_file.hpp"

#include <openssl/crypto.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ferrule::fleet::pki {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t largest = std::size_t{1} << 20U;

error fault(const fs::path& file, const std::string& why) {
    return error("key_file", "the file " + file.string() + " " + why);
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

result<std::string> read_all(const fs::path& file, int number) {
    std::string text;
    std::array<char, 4096> piece;
    for (;;) {
        const auto got = ::read(number, piece.data(), piece.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || text.size() > largest)
            return fault(file, got < 0 ? std::string("cannot be read: ") + std::strerror(errno) : "is too large");
        if (got == 0)
            break;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    OPENSSL_cleanse(piece.data(), piece.size());
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
result<void> write_beside(const fs::path& file, std::string_view text, unsigned mode, Place place) {
    std::error_code failed;
    if (fs::create_directories(file.parent_path(), failed))
        fs::permissions(file.parent_path(), fs::perms::owner_all, failed);
    auto draft = file.string() + ".new.XXXXXX";
    const descriptor out(::mkostemp(draft.data(), O_CLOEXEC)); // mode 0600
    if (out.number < 0)
        return fault(file, std::string("cannot be made: ") + std::strerror(errno));
    const bool placed = write_all(out.number, text) && ::fchmod(out.number, static_cast<mode_t>(mode)) == 0 &&
                        place(draft.c_str(), file.c_str()) == 0;
    const int why = errno;
    ::unlink(draft.c_str());
    if (!placed && why == EEXIST)
        return error("exists", "the file " + file.string() + " is already there");
    if (!placed)
        return fault(file, std::string("cannot be written: ") + std::strerror(why));
    const descriptor folder(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.number >= 0)
        ::fsync(folder.number);
    return ok();
}

} // namespace

bool is_there(const fs::path& file) {
    struct stat about {};

    return ::lstat(file.c_str(), &about) == 0;
}

result<base::secret> read_private(const fs::path& file) {
    const descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.number < 0)
        return fault(file, std::string("cannot be read: ") + std::strerror(errno));

    struct stat about {};

    if (::fstat(in.number, &about) != 0)
        return fault(file, std::string("cannot be examined: ") + std::strerror(errno));
    if ((about.st_mode & 077U) != 0)
        return fault(file, "can be read by others: run chmod 600 " + file.string());
    if (about.st_uid != ::geteuid())
        return fault(file, "belongs to another user: run the daemon as its owner, or chown it");
    auto text = read_all(file, in.number);
    if (!text)
        return text.error();
    base::secret kept{std::string(*text)};
    base::wipe(*text);
    return kept;
}

result<std::string> read_public(const fs::path& file) {
    const descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.number < 0)
        return fault(file, std::string("cannot be read: ") + std::strerror(errno));
    return read_all(file, in.number);
}

result<void> write_file(const fs::path& file, std::string_view text, unsigned mode) {
    return write_beside(file, text, mode, [](const char* from, const char* to) { return ::rename(from, to); });
}

result<void> make_private(const fs::path& file, std::string_view text) {
    return write_beside(file, text, 0600, [](const char* from, const char* to) { return ::link(from, to); });
}

} // namespace ferrule::fleet::pki
