// SPDX-License-Identifier: Apache-2.0
#include "http/response_reader.hpp"

#include <charconv>

namespace ferrule::probes::http {

namespace {

constexpr std::size_t most_head = 256 * 1024;
constexpr std::size_t most_line = 4096;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The next line without its end; what it came from begins after it.
std::string_view next_line(std::string_view& text) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

/// Where the empty line after a head ends, npos while it is not there.
std::size_t end_of_head(std::string_view text, std::size_t from) {
    while ((from = text.find('\n', from)) != std::string_view::npos) {
        const auto rest = text.substr(from + 1);
        if (rest.starts_with('\n')) {
            return from + 2;
        }
        if (rest.starts_with("\r\n")) {
            return from + 3;
        }
        ++from;
    }
    return from;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t most = 60;
    return "'" + std::string(text.substr(0, most)) + (text.size() > most ? "…'" : "'");
}

bool is_token(std::string_view name) {
    return !name.empty() && name.find_first_of(" \t\r\n\"(),/:;<=>?@[\\]{}") == std::string_view::npos;
}

} // namespace

bool response_reader::put(std::string_view bytes) {
    bool good = true;
    begun_ = begun_ || !bytes.empty();
    while (good && !bytes.empty() && !done()) {
        switch (state_) {
        case state::head:
            good = take_head(bytes);
            break;
        case state::chunk_size:
            good = take_chunk_size(bytes);
            break;
        case state::chunk_end:
            good = take_chunk_end(bytes);
            break;
        case state::trailer:
            good = take_trailer(bytes);
            break;
        default:
            good = take_body(bytes);
            break;
        }
    }
    return good;
}

bool response_reader::take_head(std::string_view& bytes) {
    const auto before = buffer_.size();
    buffer_.append(bytes);
    const auto end = end_of_head(buffer_, searched_);
    if (end == std::string::npos) {
        bytes = {};
        searched_ = buffer_.size() < 2 ? 0 : buffer_.size() - 2;
        if (!buffer_.starts_with(std::string_view("HTTP/").substr(0, buffer_.size()))) {
            std::string_view rest(buffer_);
            return fail("what it sends is not HTTP/1: " + quoted(next_line(rest)) + ".");
        }
        return buffer_.size() <= most_head || fail("the head of its answer is larger than 256 KiB.");
    }
    bytes.remove_prefix(end - before);
    buffer_.resize(end);
    searched_ = 0;
    const bool good = read_head();
    buffer_.clear();
    return good;
}

bool response_reader::take_line(std::string_view& bytes) {
    const auto end = bytes.find('\n');
    const auto size = end == std::string_view::npos ? bytes.size() : end + 1;
    buffer_.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    return buffer_.size() <= most_line || fail("a chunk of its body has no proper size.");
}

bool response_reader::take_chunk_size(std::string_view& bytes) {
    if (!take_line(bytes)) {
        return false;
    }
    if (!buffer_.ends_with('\n')) {
        return true;
    }
    std::string_view rest(buffer_);
    auto line = next_line(rest);
    line = trimmed(line.substr(0, line.find(';')));
    const auto [end, bad] = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
    if (bad != std::errc() || end != line.data() + line.size()) {
        return fail("a chunk of its body has no proper size: " + quoted(line) + ".");
    }
    buffer_.clear();
    state_ = left_ == 0 ? state::trailer : state::chunk;
    return true;
}

bool response_reader::take_chunk_end(std::string_view& bytes) {
    if (!take_line(bytes)) {
        return false;
    }
    if (!buffer_.ends_with('\n')) {
        return true;
    }
    if (buffer_ != "\r\n" && buffer_ != "\n") {
        return fail("a chunk of its body is longer than announced.");
    }
    buffer_.clear();
    state_ = state::chunk_size;
    return true;
}

bool response_reader::take_body(std::string_view& bytes) {
    const bool counted = state_ != state::to_the_end;
    const auto size = counted && left_ < bytes.size() ? static_cast<std::size_t>(left_) : bytes.size();
    if (!put_body(bytes.substr(0, size))) {
        return false;
    }
    bytes.remove_prefix(size);
    left_ -= counted ? size : 0;
    if (!counted || left_ != 0) {
        return true;
    }
    if (state_ == state::chunk) {
        state_ = state::chunk_end;
        return true;
    }
    return finish();
}

bool response_reader::take_trailer(std::string_view& bytes) {
    if (!take_line(bytes)) {
        return false;
    }
    if (!buffer_.ends_with('\n')) {
        return true;
    }
    trailer_ += buffer_.size();
    const bool last = buffer_ == "\r\n" || buffer_ == "\n";
    buffer_.clear();
    if (trailer_ > most_head) {
        return fail("the trailer of its answer is larger than 256 KiB.");
    }
    return !last || finish();
}

bool response_reader::end() {
    if (done()) {
        return true;
    }
    switch (state_) {
    case state::to_the_end:
        return finish();
    case state::head:
        return fail(buffer_.empty() ? "it closed the connection without an answer."
                                    : "it closed the connection in the middle of the head of its answer.");
    case state::counted:
        return fail("it closed the connection in the middle of the body; " + std::to_string(left_) + " of " +
                    std::to_string(head_.content_length) + " bytes are missing.");
    default:
        return fail("it closed the connection in the middle of the body.");
    }
}

bool response_reader::read_head() {
    head_ = {};
    std::string_view rest(buffer_);
    if (!read_status(next_line(rest))) {
        return false;
    }
    while (!rest.empty()) {
        const auto line = next_line(rest);
        if (line.empty()) {
            break;
        }
        if ((line.front() == ' ' || line.front() == '\t') && !head_.headers.empty()) { // RFC 9112, 5.2
            head_.headers.back().second.append(" ").append(trimmed(line));
        } else if (!read_header(line)) {
            return false;
        }
    }
    if (head_.status == 101) {
        return fail("it switches to another protocol (101), which nobody asked for.");
    }
    if (head_.status < 200) {
        constexpr int most_interim = 32;
        head_ = {};
        return ++interim_ <= most_interim || fail("it sends interim answers without end.");
    }
    return choose_body();
}

bool response_reader::read_status(std::string_view line) {
    const bool known = line.size() >= 12 && line.starts_with("HTTP/1.") && (line[7] == '0' || line[7] == '1') &&
                       line[8] == ' ' && (line.size() == 12 || line[12] == ' ');
    const auto digits = known ? line.substr(9, 3) : std::string_view();
    if (!known || digits.find_first_not_of("0123456789") != std::string_view::npos || digits[0] == '0') {
        return fail("what it sends is not HTTP/1: " + quoted(line) + ".");
    }
    head_.version = 10 + (line[7] - '0');
    std::from_chars(digits.data(), digits.data() + digits.size(), head_.status);
    head_.reason = trimmed(line.substr(12));
    return true;
}

bool response_reader::read_header(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return fail("a line of the head of its answer is no header: " + quoted(line) + ".");
    }
    head_.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    return true;
}

bool response_reader::read_length() {
    bool any = false;
    for (const auto& [name, value] : head_.headers) {
        if (!same_name(name, "content-length")) {
            continue;
        }
        std::int64_t length = -1;
        const auto [end, bad] = std::from_chars(value.data(), value.data() + value.size(), length);
        if (bad != std::errc() || end != value.data() + value.size() || length < 0) {
            return fail("its Content-Length is no number: " + quoted(value) + ".");
        }
        if (any && length != head_.content_length) {
            return fail("it announces two different lengths of its body.");
        }
        any = true;
        head_.content_length = length;
    }
    return true;
}

bool response_reader::choose_body() {
    bool chunked = false;
    bool coded = false;
    for (const auto& [name, value] : head_.headers) {
        if (same_name(name, "transfer-encoding")) {
            coded = true;
            const auto last = std::string_view(value).substr(value.find_last_of(',') + 1);
            chunked = same_name(trimmed(last), "chunked");
        }
    }
    if (!coded && !read_length()) { // RFC 9112, 6.3: a coding overrides the length
        return false;
    }
    if (no_body_ || head_.status == 204 || head_.status == 304) {
        return finish();
    }
    begin_body();
    if (chunked) {
        state_ = state::chunk_size;
    } else if (head_.content_length >= 0) {
        left_ = static_cast<std::uint64_t>(head_.content_length);
        state_ = state::counted;
        return left_ != 0 || finish();
    } else {
        state_ = state::to_the_end;
    }
    return true;
}

} // namespace ferrule::probes::http
