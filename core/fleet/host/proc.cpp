#include "fleet/host/proc.hpp"

#include "base/strings.hpp"

#include <charconv>
#include <set>

namespace ferrule::fleet::host {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> out;
    while (!line.empty()) {
        const auto begin = line.find_first_not_of(" \t");
        if (begin == std::string_view::npos)
            break;
        line.remove_prefix(begin);
        const auto end = std::min(line.find_first_of(" \t"), line.size());
        out.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return out;
}

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::uint64_t count(const std::vector<std::string_view>& words, std::size_t at) {
    return at < words.size() ? number<std::uint64_t>(words[at]).value_or(0) : 0;
}

// Mount points have spaces and the like as \040.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 4, value, 8).ptr == text.data() + i + 4) {
            out += static_cast<char>(value);
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

} // namespace

// proc(5): cpu user nice system idle iowait irq softirq steal guest guest_nice; guests are counted in user and nice.
std::optional<cpu_ticks> parse_stat(std::string_view text) {
    std::optional<cpu_ticks> out;
    for (const auto line : base::split(text, '\n')) {
        const auto words = words_of(line);
        if (words.size() < 5 || !words[0].starts_with("cpu"))
            continue;
        if (words[0] != "cpu") {
            if (out)
                ++out->cores;
            continue;
        }
        out.emplace();
        out->idle = count(words, 4) + count(words, 5);
        out->stolen = count(words, 8);
        out->busy = count(words, 1) + count(words, 2) + count(words, 3) + count(words, 6) + count(words, 7);
    }
    return out;
}

std::optional<memory> parse_meminfo(std::string_view text) {
    memory out;
    bool available = false;
    for (const auto line : base::split(text, '\n')) {
        const auto words = words_of(line);
        if (words.size() < 2)
            continue;
        const auto bytes = count(words, 1) * 1024;
        if (words[0] == "MemTotal:")
            out.total = bytes;
        else if (words[0] == "MemAvailable:")
            available = (out.available = bytes, true);
        else if (words[0] == "SwapTotal:")
            out.swap_total = bytes;
        else if (words[0] == "SwapFree:")
            out.swap_free = bytes;
    }
    if (out.total == 0 || !available)
        return std::nullopt;
    return out;
}

std::optional<load> parse_loadavg(std::string_view text) {
    const auto words = words_of(base::trim(text));
    if (words.size() < 3)
        return std::nullopt;
    const auto one = number<double>(words[0]);
    const auto five = number<double>(words[1]);
    const auto fifteen = number<double>(words[2]);
    if (!one || !five || !fifteen)
        return std::nullopt;
    return load{*one, *five, *fifteen};
}

std::map<std::string, model::interface_counters> parse_net_dev(std::string_view text) {
    std::map<std::string, model::interface_counters> out;
    for (const auto line : base::split(text, '\n')) {
        const auto colon = line.rfind(':'); // an alias has one in its name
        if (colon == std::string_view::npos)
            continue;
        const std::string name(base::trim(line.substr(0, colon)));
        const auto words = words_of(line.substr(colon + 1));
        if (words.size() < 16 || name == "lo")
            continue;
        auto& each = out[name];
        each.rx_bytes = count(words, 0);
        each.rx_packets = count(words, 1);
        each.rx_errors = count(words, 2);
        each.rx_dropped = count(words, 3);
        each.tx_bytes = count(words, 8);
        each.tx_packets = count(words, 9);
        each.tx_errors = count(words, 10);
        each.tx_dropped = count(words, 11);
    }
    return out;
}

std::vector<std::string> parse_mounts(std::string_view text) {
    std::vector<std::string> out;
    std::set<std::string_view> devices;
    for (const auto line : base::split(text, '\n')) {
        const auto words = words_of(line);
        if (words.size() < 3)
            continue;
        const bool disk = words[0].starts_with("/dev/") || words[2] == "overlay" || words[2] == "zfs";
        if (disk && !words[0].starts_with("/dev/loop") && devices.insert(words[0]).second)
            out.push_back(unescaped(words[1]));
    }
    return out;
}

std::optional<double> parse_uptime(std::string_view text) {
    const auto words = words_of(base::trim(text));
    return words.empty() ? std::nullopt : number<double>(words[0]);
}

// proc(5): the name stands in parentheses and may hold anything; behind it the state is the third field.
std::optional<own_use> parse_own_stat(std::string_view text) {
    const auto end = text.rfind(')');
    if (end == std::string_view::npos)
        return std::nullopt;
    const auto words = words_of(base::trim(text.substr(end + 1)));
    if (words.size() < 22)
        return std::nullopt;
    own_use out;
    out.cpu_ticks = count(words, 11) + count(words, 12);
    out.threads = count(words, 17);
    out.resident_pages = count(words, 21);
    return out;
}

} // namespace ferrule::fleet::host
