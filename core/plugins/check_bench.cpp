#include "plugins/check_bench.hpp"

#include "base/json.hpp"
#include "plugins/misuse.hpp"
#include "plugins/plugin_file.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ferrule::plugins {

namespace {

std::filesystem::path scratch() {
    auto name = (std::filesystem::temp_directory_path() / "ferrule-check-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("no folder for temporary files could be made in " +
                                 std::filesystem::temp_directory_path().string());
    return name;
}

} // namespace

check_bench::check_bench(const std::filesystem::path& file, const check_settings& wanted)
    : folder_(scratch())
    , names_(loop_)
    , http_(loop_) {
    const auto place = folder_ / "plugins";
    std::filesystem::create_directories(place);
    std::filesystem::copy_file(file, place / file.filename());
    plugins::settings how;
    how.folders = {place};
    how.run_folder = folder_ / "run";
    how.cancel_grace = grace;
    how.config = [configs = wanted.configs](kind, std::string_view name) {
        const auto found = configs.find(std::string(name));
        auto parsed = base::parse_json(found == configs.end() ? "{}" : found->second);
        return parsed ? *parsed : base::json::object();
    };
    if (const auto noted = read_note(file))
        for (const auto& each : noted->note.components)
            names_of_components_.push_back(each.name);
    surroundings around{loop_, pool_, names_, http_, nullptr, &metrics_};
    registry_ = std::make_unique<registry>(around, std::move(how));
    loop_.start();
}

check_bench::~check_bench() {
    stop();
    pool_.stop();
    loop_.stop();
    loop_.join();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string check_bench::complaints() {
    std::string out;
    for (const auto& name : names_of_components_) {
        for (const auto which : all_faults) {
            const std::string fault(name_of(which));
            const auto now =
                metrics_.value("ferrule_plugin_faults_total", {{"plugin", name}, {"fault", fault}}).value_or(0);
            auto& before = known_[name + " " + fault];
            if (now > before)
                out += (out.empty() ? "" : ", ") + fault + " (" + std::to_string(static_cast<int>(now - before)) + ")";
            before = now;
        }
    }
    return out;
}

bool check_bench::stop() {
    if (std::exchange(stopped_, true))
        return true;
    wait(registry_->stop(2 * grace));
    for (const auto& each : registry_->list())
        if (each.in_use != 0)
            return false;
    return true;
}

base::steady_time check_bench::in(base::duration span) {
    return base::steady_time(std::chrono::steady_clock::now().time_since_epoch()) + span;
}

unsigned check_bench::closed_port() {
    // The system gives it out and takes it back: nobody listens there for the moment.
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const bool known = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(fd);
    if (!known)
        throw std::runtime_error("no port on loopback could be found");
    return ntohs(address.sin_port);
}

} // namespace ferrule::plugins
