#include "devices/vault.hpp"

#include <sodium.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace ferrule::devices {

namespace {

constexpr std::size_t key_size = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;

error key_error(const std::string& file, const std::string& why) {
    return error("secret_key", "the key file " + file + " " + why);
}

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

struct descriptor {
    int number;

    ~descriptor() {
        if (number >= 0)
            ::close(number);
    }
};

result<base::secret> read_key(const std::string& file, int number) {
    struct stat about {};

    if (::fstat(number, &about) != 0)
        return key_error(file, std::string("cannot be examined: ") + std::strerror(errno));
    if ((about.st_mode & 077U) != 0)
        return key_error(file, "can be read by others: run chmod 600 " + file);
    if (about.st_uid != ::geteuid())
        return key_error(file, "belongs to another user: run the daemon as its owner, or chown it");
    std::string key(key_size + 1, '\0');
    const auto size = ::read(number, key.data(), key.size());
    if (size != static_cast<ssize_t>(key_size)) {
        base::wipe(key);
        return key_error(file, "does not hold a key of " + std::to_string(key_size) +
                                   " bytes: restore it from a backup; without it stored credentials cannot be read");
    }
    key.resize(key_size);
    base::secret kept{std::string(key)};
    base::wipe(key);
    return kept;
}

// Written beside and linked into place, so that two starts at once agree and a crash leaves no half key.
result<void> make_key(const std::string& file) {
    std::error_code failed;
    const auto folder = std::filesystem::path(file).parent_path();
    if (!folder.empty())
        std::filesystem::create_directories(folder, failed);
    // A name of its own: two processes may have the same number in two containers, and threads share one.
    auto draft = file + ".new.XXXXXX";
    const descriptor out{::mkostemp(draft.data(), O_CLOEXEC)}; // mode 0600
    if (out.number < 0)
        return key_error(file, std::string("cannot be made: ") + std::strerror(errno) +
                                   "; set data_dir or secrets.key_file to a place that this user can write to");
    std::string key(key_size, '\0');
    randombytes_buf(key.data(), key.size());
    const bool written =
        ::write(out.number, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(out.number) == 0;
    base::wipe(key);
    const bool linked = written && (::link(draft.c_str(), file.c_str()) == 0 || errno == EEXIST);
    const int why = errno;
    ::unlink(draft.c_str());
    // What is sealed with the key soon must not outlive the key's name.
    const descriptor place{::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (place.number >= 0)
        ::fsync(place.number);
    if (!linked)
        return key_error(file, std::string("cannot be written: ") + std::strerror(why));
    return ok();
}

} // namespace

vault::vault(base::secret key)
    : key_(std::move(key)) {}

result<vault> vault::open(const std::string& key_file) {
    if (sodium_init() < 0)
        return error("secret_key", "libsodium cannot be initialised");
    for (int attempt = 0; attempt < 2; ++attempt) {
        const descriptor in{::open(key_file.c_str(), O_RDONLY | O_CLOEXEC)};
        if (in.number >= 0) {
            auto key = read_key(key_file, in.number);
            if (!key)
                return key.error();
            return vault(std::move(*key));
        }
        if (errno != ENOENT)
            return key_error(key_file, std::string("cannot be opened: ") + std::strerror(errno));
        if (auto made = make_key(key_file); !made)
            return made.error();
    }
    return key_error(key_file, "vanished while it was being opened");
}

std::string vault::seal(std::string_view text, std::string_view purpose) const {
    std::string box(nonce_size + text.size() + tag_size, '\0');
    randombytes_buf(box.data(), nonce_size);
    unsigned long long size = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(box) + nonce_size, &size, bytes(text), text.size(), bytes(purpose),
                                               purpose.size(), nullptr, bytes(box), bytes(key_.reveal()));
    std::string sealed(sodium_base64_encoded_len(box.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(sealed.data(), sealed.size(), bytes(box), box.size(), sodium_base64_VARIANT_ORIGINAL);
    sealed.pop_back(); // the terminating zero
    return sealed;
}

result<base::secret> vault::open_sealed(std::string_view sealed, std::string_view purpose) const {
    const auto unreadable =
        error("secret_unreadable",
              "a stored secret for " + std::string(purpose) +
                  " cannot be read: the key file is another one than it was sealed with, so restore that, "
                  "or the record was changed");
    std::string box(sealed.size(), '\0');
    std::size_t size = 0;
    if (sodium_base642bin(bytes(box), box.size(), sealed.data(), sealed.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        size < nonce_size + tag_size)
        return unreadable;
    std::string text(size - nonce_size - tag_size, '\0');
    unsigned long long length = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(text), &length, nullptr, bytes(box) + nonce_size,
                                                   size - nonce_size, bytes(purpose), purpose.size(), bytes(box),
                                                   bytes(key_.reveal())) != 0)
        return unreadable;
    base::secret opened{std::string(text)};
    base::wipe(text);
    return opened;
}

} // namespace ferrule::devices
