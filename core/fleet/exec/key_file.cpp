// The file of the key that signs commands.
#include "fleet/exec/signing.hpp"

#include <sodium.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "fleet/exec/spawn.hpp"

namespace ferrule::fleet::exec {

namespace {

error key_error(const std::string& file, const std::string& why) {
    return error("command_key", "the key that signs commands, " + file + ", " + why);
}

result<std::string> read_seed(const std::string& file, int number) {
    struct stat about {};

    if (::fstat(number, &about) != 0)
        return key_error(file, std::string("cannot be examined: ") + std::strerror(errno));
    if ((about.st_mode & 077U) != 0)
        return key_error(file, "can be read by others: run chmod 600 " + file + ", and make a new key if it was read");
    if (about.st_uid != ::geteuid())
        return key_error(file, "belongs to another user: run the daemon as its owner, or chown it");
    std::string seed(crypto_sign_SEEDBYTES + 1, '\0');
    const auto size = ::read(number, seed.data(), seed.size());
    if (size != static_cast<ssize_t>(crypto_sign_SEEDBYTES)) {
        base::wipe(seed);
        return key_error(file, "does not hold a key of " + std::to_string(crypto_sign_SEEDBYTES) +
                                   " bytes: restore it from a backup, or remove it to get a new one, which the agents "
                                   "must then be told");
    }
    seed.resize(crypto_sign_SEEDBYTES);
    return seed;
}

// Written beside and linked into place, so that two starts at once agree and a crash leaves no half key.
result<void> make_seed(const std::string& file) {
    std::error_code failed;
    const auto folder = std::filesystem::path(file).parent_path();
    if (!folder.empty())
        std::filesystem::create_directories(folder, failed);
    auto draft = file + ".new.XXXXXX";
    const owned_fd out(::mkostemp(draft.data(), O_CLOEXEC)); // mode 0600
    if (out.get() < 0)
        return key_error(file, std::string("cannot be made: ") + std::strerror(errno) +
                                   "; set data_dir or commands.key_file to a place that this user can write to");
    std::string seed(crypto_sign_SEEDBYTES, '\0');
    randombytes_buf(seed.data(), seed.size());
    const bool written =
        ::write(out.get(), seed.data(), seed.size()) == static_cast<ssize_t>(seed.size()) && ::fsync(out.get()) == 0;
    base::wipe(seed);
    const bool linked = written && (::link(draft.c_str(), file.c_str()) == 0 || errno == EEXIST);
    const int why = errno;
    ::unlink(draft.c_str());
    const owned_fd place(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (place.get() >= 0)
        ::fsync(place.get());
    if (!linked)
        return key_error(file, std::string("cannot be written: ") + std::strerror(why));
    return ok();
}

} // namespace

result<signing_key> signing_key::open(const std::string& file) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        const owned_fd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (in.get() >= 0) {
            auto seed = read_seed(file, in.get());
            if (!seed)
                return seed.error();
            auto made = from_seed(*seed);
            base::wipe(*seed);
            return made;
        }
        if (errno != ENOENT)
            return key_error(file, std::string("cannot be opened: ") + std::strerror(errno));
        if (auto made = make_seed(file); !made)
            return made.error();
    }
    return key_error(file, "vanished while it was being opened");
}

} // namespace ferrule::fleet::exec
