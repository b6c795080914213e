#include "fleet/exec/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <utility>

namespace ferrule::fleet::exec {

namespace {

constexpr std::uint32_t most_steps = 100'000;

PCRE2_SPTR bytes(std::string_view text) {
    return reinterpret_cast<PCRE2_SPTR>(text.data());
}

} // namespace

pattern::pattern(std::string text, std::shared_ptr<const void> code)
    : text_(std::move(text))
    , code_(std::move(code)) {}

result<pattern> pattern::compile(const std::string& text) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    auto* made = pcre2_compile(bytes(text), text.size(),
                               PCRE2_UTF | PCRE2_DOTALL | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY,
                               &code, &offset, nullptr);
    if (made == nullptr) {
        std::array<PCRE2_UCHAR, 256> why{};
        pcre2_get_error_message(code, why.data(), why.size());
        return error("bad_pattern", "\"" + text +
                                        "\" is not a regular expression: " + reinterpret_cast<const char*>(why.data()) +
                                        " at character " + std::to_string(offset + 1));
    }
    std::shared_ptr<const void> owned(
        made, [](const void* each) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(each))); });
    return pattern(text, std::move(owned));
}

bool pattern::matches(std::string_view text) const {
    const auto* code = static_cast<const pcre2_code*>(code_.get());
    const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> found(pcre2_match_data_create(1, nullptr),
                                                                               pcre2_match_data_free);
    const std::unique_ptr<pcre2_match_context, void (*)(pcre2_match_context*)> limits(
        pcre2_match_context_create(nullptr), pcre2_match_context_free);
    if (!found || !limits)
        return false;
    pcre2_set_match_limit(limits.get(), most_steps);
    return pcre2_match(code, bytes(text), text.size(), 0, 0, found.get(), limits.get()) >= 0;
}

} // namespace ferrule::fleet::exec
