// SPDX-License-Identifier: Apache-2.0
#include "ssh/platform/regex.hpp"

#include <algorithm>
#include <array>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace ferrule::ssh {

namespace {

constexpr unsigned uses_before_jit = 8;
constexpr std::uint32_t max_steps = 1'000'000; // a few milliseconds
constexpr std::uint32_t max_heap_kib = 1024;
constexpr std::uint32_t compile_options = PCRE2_CASELESS | PCRE2_MULTILINE | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* handle) const noexcept {
        Free(handle);
    }
};

using context_ptr = std::unique_ptr<pcre2_match_context, freed_by<pcre2_match_context_free>>;

pcre2_match_context* limits() {
    static const context_ptr context = [] {
        context_ptr made(pcre2_match_context_create(nullptr));
        if (made != nullptr) {
            pcre2_set_match_limit(made.get(), max_steps);
            pcre2_set_heap_limit(made.get(), max_heap_kib);
        }
        return made;
    }();
    return context.get();
}

/// One for each thread, because PCRE2 keeps its working memory there (20 KB and more).
pcre2_match_data* scratch() {
    thread_local const std::unique_ptr<pcre2_match_data, freed_by<pcre2_match_data_free>> data(
        pcre2_match_data_create(64, nullptr));
    return data.get();
}

using code_ptr = std::unique_ptr<pcre2_code, freed_by<pcre2_code_free>>;

/// Anchoring is compiled in, because the machine code cannot be told at match time.
std::uint32_t options_of(match_kind kind) {
    switch (kind) {
    case match_kind::anywhere:
        return compile_options;
    case match_kind::to_end:
        return compile_options | PCRE2_ENDANCHORED;
    case match_kind::whole:
        return compile_options | PCRE2_ENDANCHORED | PCRE2_ANCHORED;
    }
    return compile_options;
}

} // namespace

struct regex::state {
    struct variant {
        code_ptr code;
        unsigned uses = 0;
    };

    std::string pattern;
    std::array<variant, 3> variants;

    pcre2_code* code(match_kind kind) {
        auto& v = variants[static_cast<std::size_t>(kind)];
        if (v.code == nullptr) {
            int error = 0;
            PCRE2_SIZE offset = 0;
            v.code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options_of(kind),
                                       &error, &offset, nullptr));
        }
        if (++v.uses == uses_before_jit) {
            pcre2_jit_compile(v.code.get(), PCRE2_JIT_COMPLETE); // where it is not available the interpreter goes on
        }
        return v.code.get();
    }
};

sdk::result<regex> regex::compile(std::string_view pattern) {
    auto made = std::make_shared<state>();
    made->pattern = pattern;
    int code = 0;
    PCRE2_SIZE offset = 0;
    auto& code_of_any = made->variants[static_cast<std::size_t>(match_kind::anywhere)].code;
    code_of_any.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), compile_options,
                                    &code, &offset, nullptr));
    if (code_of_any == nullptr) {
        PCRE2_UCHAR text[256] = {};
        pcre2_get_error_message(code, text, sizeof(text));
        return sdk::error("invalid_pattern", "The pattern '" + made->pattern + "' is not a regular expression: " +
                                                 reinterpret_cast<const char*>(text) + " (at character " +
                                                 std::to_string(offset + 1) + ").");
    }
    return regex(std::move(made));
}

match_span regex::search(std::string_view subject, match_kind kind) const {
    auto* code = state_->code(kind);
    if (code == nullptr || scratch() == nullptr) {
        return {};
    }
    const char* text = subject.empty() ? "" : subject.data();
    const int count = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text), subject.size(), 0, 0, scratch(), limits());
    return count < 0 ? match_span{} : group(std::size_t{0});
}

std::size_t regex::earliest(std::string_view subject) const {
    const auto* code = state_->variants[static_cast<std::size_t>(match_kind::anywhere)].code.get();
    if (scratch() == nullptr) {
        return 0;
    }
    const char* text = subject.empty() ? "" : subject.data();
    const int count = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text), subject.size(), 0, PCRE2_PARTIAL_HARD,
                                  scratch(), limits());
    if (count == PCRE2_ERROR_NOMATCH) {
        return subject.size();
    }
    const bool found = count >= 0 || count == PCRE2_ERROR_PARTIAL;
    return found ? std::min<std::size_t>(pcre2_get_ovector_pointer(scratch())[0], subject.size()) : 0;
}

match_span regex::group(std::size_t number) const {
    if (number >= pcre2_get_ovector_count(scratch())) {
        return {};
    }
    const auto* offsets = pcre2_get_ovector_pointer(scratch());
    const auto begin = offsets[2 * number];
    const auto end = offsets[2 * number + 1];
    if (begin == PCRE2_UNSET || end < begin) {
        return {};
    }
    return {begin, end, true};
}

match_span regex::group(const char* name) const {
    const auto number = number_of(name);
    return number == 0 ? match_span{} : group(number);
}

bool regex::has_group(const char* name) const {
    return number_of(name) != 0;
}

std::size_t regex::number_of(const char* name) const {
    const auto* code = state_->variants[static_cast<std::size_t>(match_kind::anywhere)].code.get();
    const int number = pcre2_substring_number_from_name(code, reinterpret_cast<PCRE2_SPTR>(name));
    return number <= 0 ? 0 : static_cast<std::size_t>(number);
}

const std::string& regex::pattern() const noexcept {
    return state_->pattern;
}

} // namespace ferrule::ssh
