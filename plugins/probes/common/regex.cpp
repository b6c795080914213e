// SPDX-License-Identifier: Apache-2.0
#include "common/regex.hpp"

#include "common/utf8.hpp"

#include <algorithm>
#include <charconv>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace ferrule::probes {

namespace {

constexpr std::uint32_t max_steps = 1'000'000; // a few milliseconds
constexpr std::uint32_t max_heap_kib = 1024;

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* handle) const noexcept {
        Free(handle);
    }
};

using code_ptr = std::unique_ptr<pcre2_code, freed_by<pcre2_code_free>>;
using data_ptr = std::unique_ptr<pcre2_match_data, freed_by<pcre2_match_data_free>>;
using context_ptr = std::unique_ptr<pcre2_match_context, freed_by<pcre2_match_context_free>>;

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

} // namespace

struct regex::state {
    std::string pattern;
    code_ptr code;
    data_ptr data;
    context_ptr limits;
    std::map<std::string, std::size_t, std::less<>> names;

    void find_names() {
        std::uint32_t count = 0;
        std::uint32_t size = 0;
        PCRE2_SPTR table = nullptr;
        pcre2_pattern_info(code.get(), PCRE2_INFO_NAMECOUNT, &count);
        pcre2_pattern_info(code.get(), PCRE2_INFO_NAMEENTRYSIZE, &size);
        pcre2_pattern_info(code.get(), PCRE2_INFO_NAMETABLE, &table);
        for (std::uint32_t i = 0; i < count; ++i, table += size) {
            names[reinterpret_cast<const char*>(table + 2)] = static_cast<std::size_t>(table[0] << 8 | table[1]);
        }
    }
};

std::string_view captures::group(std::string_view name_or_number) const {
    std::size_t number = 0;
    const auto* last = name_or_number.data() + name_or_number.size();
    if (std::from_chars(name_or_number.data(), last, number).ptr != last) {
        const auto found = names.find(name_or_number);
        if (found == names.end()) {
            return {};
        }
        number = found->second;
    }
    return number < groups.size() ? std::string_view(groups[number]) : std::string_view{};
}

sdk::result<regex> regex::compile(std::string_view pattern, std::string code) {
    auto made = std::make_shared<state>();
    made->pattern = pattern;
    int error = 0;
    PCRE2_SIZE offset = 0;
    made->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(made->pattern.data()), pattern.size(), PCRE2_UTF,
                                   &error, &offset, nullptr));
    if (made->code == nullptr) {
        PCRE2_UCHAR text[256] = {};
        pcre2_get_error_message(error, text, sizeof(text));
        return sdk::error(std::move(code), "the pattern '" + made->pattern +
                                               "' is not a regular expression: " + reinterpret_cast<const char*>(text) +
                                               " (at character " + std::to_string(offset + 1) + ").");
    }
    pcre2_jit_compile(made->code.get(),
                      PCRE2_JIT_COMPLETE); // without it the interpreter goes on
    made->data.reset(pcre2_match_data_create_from_pattern(made->code.get(), nullptr));
    made->limits.reset(pcre2_match_context_create(nullptr));
    if (made->data == nullptr || made->limits == nullptr) {
        return sdk::error(std::move(code), "there is no memory for the pattern '" + made->pattern + "'.");
    }
    pcre2_set_match_limit(made->limits.get(), max_steps);
    pcre2_set_heap_limit(made->limits.get(), max_heap_kib);
    made->find_names();
    return regex(std::move(made));
}

match_status regex::search(std::string_view subject, captures* caught) const {
    const utf8_text valid(subject);
    const auto text = valid.text();
    auto* data = state_->data.get();
    const int count = pcre2_match(state_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data()),
                                  text.size(), 0, PCRE2_NO_UTF_CHECK, data, state_->limits.get());
    if (count == PCRE2_ERROR_NOMATCH) {
        return match_status::no;
    }
    if (count < 0) {
        return match_status::costly;
    }
    if (caught != nullptr) {
        const auto* offsets = pcre2_get_ovector_pointer(data);
        caught->groups.assign(pcre2_get_ovector_count(data), {});
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            if (offsets[2 * i] != PCRE2_UNSET && offsets[2 * i] <= offsets[2 * i + 1]) {
                const auto begin = valid.given(offsets[2 * i]);
                caught->groups[i] = subject.substr(begin, valid.given(offsets[2 * i + 1]) - begin);
            }
        }
        caught->names = state_->names;
        caught->end = valid.given(std::max(offsets[0], offsets[1]));
    }
    return match_status::yes;
}

const std::string& regex::pattern() const noexcept {
    return state_->pattern;
}

std::string regex::too_costly(std::string_view what) const {
    return "the pattern '" + pattern() + "' takes too many steps on " + std::string(what);
}

std::string expand(std::string_view text, const captures& from) {
    std::string out;
    while (!text.empty()) {
        const auto dollar = text.find('$');
        out += text.substr(0, dollar);
        if (dollar == std::string_view::npos) {
            break;
        }
        text.remove_prefix(dollar + 1);
        if (text.starts_with('$')) {
            out += '$';
            text.remove_prefix(1);
            continue;
        }
        const bool braced = text.starts_with('{');
        const auto from_here = text.substr(braced ? 1 : 0);
        const auto name =
            from_here.substr(0, static_cast<std::size_t>(std::find_if_not(from_here.begin(), from_here.end(), is_word) -
                                                         from_here.begin()));
        if (name.empty() || (braced && !from_here.substr(name.size()).starts_with('}'))) {
            out += '$';
            continue;
        }
        out += from.group(name);
        text.remove_prefix(name.size() + (braced ? 2 : 0));
    }
    return out;
}

} // namespace ferrule::probes
