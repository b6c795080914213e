// bare_process: what a process takes that does nothing but map and initialise the libraries that the daemon uses.
#include <cstdio>
#include <fstream>

#include <ares.h>
#include <curl/curl.h>
#include <libssh/libssh.h>
#include <openssl/ssl.h>
#include <sodium.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

int main() {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    ares_library_init(ARES_LIB_INIT_ALL);
    OPENSSL_init_ssl(0, nullptr);
    if (sodium_init() < 0 || ssh_init() != 0)
        return 1;
    spdlog::set_level(spdlog::level::warn);
    if (!YAML::Load("a: 1").IsMap())
        return 1;
    std::ifstream file("/proc/self/statm");
    long all = 0;
    long resident = 0;
    file >> all >> resident;
    std::printf(R"({"resident_kb":%ld})"
                "\n",
                resident * ::sysconf(_SC_PAGESIZE) / 1024);
    return 0;
}
