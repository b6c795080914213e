#include "simdevice/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <stdexcept>

namespace ferrule::simdevice {

struct pattern::code {
    explicit code(pcre2_code* given)
        : handle(given) {}

    code(const code&) = delete;
    code& operator=(const code&) = delete;

    ~code() { pcre2_code_free(handle); }

    pcre2_code* handle;
};

pattern::pattern(const std::string& text) {
    int number = 0;
    PCRE2_SIZE offset = 0;
    auto* compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                   PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL, &number, &offset, nullptr);
    if (compiled == nullptr) {
        std::array<PCRE2_UCHAR, 128> message{};
        pcre2_get_error_message(number, message.data(), message.size());
        throw std::invalid_argument("pattern '" + text + "' is wrong at character " + std::to_string(offset + 1) +
                                    ": " + reinterpret_cast<const char*>(message.data()));
    }
    code_ = std::make_shared<code>(compiled);
}

std::optional<std::vector<std::string>> pattern::match(std::string_view line) const {
    const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
        pcre2_match_data_create_from_pattern(code_->handle, nullptr), pcre2_match_data_free);
    const int count =
        pcre2_match(code_->handle, reinterpret_cast<PCRE2_SPTR>(line.data()), line.size(), 0, 0, data.get(), nullptr);
    if (count < 1) {
        return std::nullopt;
    }
    const auto* places = pcre2_get_ovector_pointer(data.get());
    std::vector<std::string> groups;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        const auto from = places[2 * i];
        groups.emplace_back(from == PCRE2_UNSET ? std::string_view{} : line.substr(from, places[2 * i + 1] - from));
    }
    return groups;
}

} // namespace ferrule::simdevice
