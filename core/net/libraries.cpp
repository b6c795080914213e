#include "net/libraries.hpp"

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <ares.h>
#include <mutex>
#include <stdexcept>
#include <string>

namespace ferrule::net {

void init_libraries() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr) != 1)
            throw std::runtime_error("OpenSSL could not be initialised");
        if (const auto failed = curl_global_init(CURL_GLOBAL_DEFAULT); failed != CURLE_OK)
            throw std::runtime_error(std::string("libcurl could not be initialised: ") + curl_easy_strerror(failed));
        if (const auto failed = ares_library_init(ARES_LIB_INIT_ALL); failed != ARES_SUCCESS)
            throw std::runtime_error(std::string("c-ares could not be initialised: ") + ares_strerror(failed));
    });
}

} // namespace ferrule::net
