// SPDX-License-Identifier: Apache-2.0
#include "http/h2_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

namespace ferrule::probes::http {

namespace {

std::string_view view(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv header(std::string_view name, std::string_view value) {
    const auto raw = [](std::string_view text) {
        return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    return {raw(name), raw(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

} // namespace

struct h2_reader::events {
    static h2_reader& of(void* self) { return *static_cast<h2_reader*>(self); }

    static bool is_ours(const h2_reader& self, const nghttp2_frame* frame) {
        return frame->hd.stream_id == self.stream_ && frame->hd.type == NGHTTP2_HEADERS;
    }

    static int on_begin(nghttp2_session*, const nghttp2_frame* frame, void* arg) {
        auto& self = of(arg);
        if (is_ours(self, frame) && !self.has_head()) {
            self.head_ = {};
            self.head_.version = 20;
            self.begun_ = true;
        }
        return 0;
    }

    static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                         const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* arg) {
        auto& self = of(arg);
        if (!is_ours(self, frame) || self.has_head()) { // a trailer
            return 0;
        }
        const auto key = view(name, name_size);
        const auto text = view(value, value_size);
        if (key == ":status") {
            std::from_chars(text.data(), text.data() + text.size(), self.head_.status);
            return 0;
        }
        if (key == "content-length") { // nghttp2 has checked it
            std::from_chars(text.data(), text.data() + text.size(), self.head_.content_length);
        }
        self.head_.headers.emplace_back(key, text);
        return 0;
    }

    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* arg) {
        auto& self = of(arg);
        if (is_ours(self, frame) && !self.has_head() && self.head_.status >= 200) {
            self.begin_body();
        }
        return 0;
    }

    static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size,
                       void* arg) {
        auto& self = of(arg);
        return stream != self.stream_ || self.put_body(view(data, size)) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    }

    static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* arg) {
        auto& self = of(arg);
        if (stream != self.stream_) {
            return 0;
        }
        if (code == NGHTTP2_NO_ERROR && self.has_head()) {
            self.finish();
        } else {
            self.fail(std::string("it ended the stream: ") + nghttp2_http2_strerror(code) + ".");
        }
        return 0;
    }

    static ssize_t on_source(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size, std::uint32_t* flags,
                             nghttp2_data_source* source, void*) {
        auto& self = of(source->ptr);
        const auto count = std::min(size, self.body_.size() - self.sent_);
        std::copy_n(self.body_.data() + self.sent_, count, into);
        self.sent_ += count;
        if (self.sent_ == self.body_.size()) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        }
        return static_cast<ssize_t>(count);
    }

    static nghttp2_session_callbacks* table() {
        static nghttp2_session_callbacks* const made = [] {
            nghttp2_session_callbacks* fresh = nullptr;
            if (nghttp2_session_callbacks_new(&fresh) == 0) {
                nghttp2_session_callbacks_set_on_begin_headers_callback(fresh, &on_begin);
                nghttp2_session_callbacks_set_on_header_callback(fresh, &on_header);
                nghttp2_session_callbacks_set_on_frame_recv_callback(fresh, &on_frame);
                nghttp2_session_callbacks_set_on_data_chunk_recv_callback(fresh, &on_data);
                nghttp2_session_callbacks_set_on_stream_close_callback(fresh, &on_close);
            }
            return fresh;
        }();
        return made;
    }
};

h2_reader::h2_reader(const request& what, body& into, body_begins begin)
    : answer_reader(into, std::move(begin))
    , body_(what.body()) {
    nghttp2_session* made = nullptr;
    if (events::table() == nullptr || nghttp2_session_client_new(&made, events::table(), this) != 0) {
        throw sdk::failure(sdk::error("internal", "There is no memory for an HTTP/2 session.", true));
    }
    session_.reset(made);
    submit(what);
}

void h2_reader::submit(const request& what) {
    constexpr std::uint32_t window = 1u << 20;
    const std::vector<nghttp2_settings_entry> wishes{{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                                     {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}};
    nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, wishes.data(), wishes.size());
    auto headers = what.headers();
    const auto authority = what.authority();
    std::vector<nghttp2_nv> lines{header(":method", what.method()),
                                  header(":scheme", what.to().secure ? "https" : "http"),
                                  header(":authority", authority), header(":path", what.to().target)};
    for (auto& [name, value] : headers) {
        name = lower(std::move(name));
        lines.push_back(header(name, value));
    }
    nghttp2_data_provider source{};
    source.source.ptr = this;
    source.read_callback = &events::on_source;
    stream_ = nghttp2_submit_request(session_.get(), nullptr, lines.data(), lines.size(),
                                     body_.empty() ? nullptr : &source, nullptr);
    if (stream_ < 0) {
        throw sdk::failure(sdk::error("internal", "There is no memory for an HTTP/2 request.", true));
    }
}

bool h2_reader::put(std::string_view bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const auto used = nghttp2_session_mem_recv(session_.get(), data, bytes.size());
    if (!problem().empty()) {
        return false;
    }
    if (used < 0) {
        return fail(std::string("what it sends is not HTTP/2: ") + nghttp2_strerror(static_cast<int>(used)) + ".");
    }
    return true;
}

bool h2_reader::end() {
    return done() || fail(has_head() ? "it closed the connection in the middle of the body."
                                     : "it closed the connection without an answer.");
}

std::string h2_reader::output() {
    std::string out;
    const std::uint8_t* data = nullptr;
    auto size = nghttp2_session_mem_send(session_.get(), &data);
    while (size > 0) {
        out.append(view(data, static_cast<std::size_t>(size)));
        size = nghttp2_session_mem_send(session_.get(), &data);
    }
    return out;
}

} // namespace ferrule::probes::http
