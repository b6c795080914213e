#include "app/cli/api_client.hpp"

#include "app/cli/exit_code.hpp"
#include "app/cli/printable.hpp"
#include "app/cli/server_choice.hpp"
#include "app/cli/stream_reader.hpp"
#include "app/cli/wire_setup.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

#include <curl/curl.h>

#include <cstdio>

namespace ferrule::app::cli {

using base::json;

namespace {

std::size_t append(char* bytes, std::size_t, std::size_t size, void* into) {
    static_cast<std::string*>(into)->append(bytes, size);
    return size;
}

struct following {
    stream_reader reader;
    const std::function<bool(const stream_event&)>* each;
    std::string early; // an answer that is no stream: an error document
    bool ended = false;
};

std::size_t take_events(char* bytes, std::size_t, std::size_t size, void* into) {
    auto& state = *static_cast<following*>(into);
    if (state.early.size() < 65536)
        state.early.append(bytes, size);
    state.reader.take(std::string_view(bytes, size));
    while (auto event = state.reader.next()) {
        if (!(*state.each)(*event)) {
            state.ended = true;
            return 0; // ends the transfer
        }
    }
    return size;
}

error refusal(long status, const std::string& body) {
    const auto problem = json::parse(body, nullptr, false);
    if (!problem.is_object())
        return error("http_" + std::to_string(status), "the server answered with status " + std::to_string(status));
    const auto text = [&problem](const char* key) {
        const auto at = problem.find(key);
        return at != problem.end() && at->is_string() ? at->get<std::string>() : std::string();
    };
    auto code = text("code");
    auto detail = text("detail");
    return error(code.empty() ? "http_" + std::to_string(status) : code, detail.empty() ? text("title") : detail);
}

} // namespace

class api_client::wire {
  public:
    explicit wire(server_choice chosen)
        : chosen_(std::move(chosen))
        , handle_(curl_easy_init()) {}

    ~wire() { curl_easy_cleanup(handle_); }

    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;

    result<json> exchange(const char* method, const std::string& path, const json* body,
                          const std::vector<std::string>& headers) {
        std::string answer;
        auto* list = prepare(method, path, headers);
        std::string text;
        if (body != nullptr) {
            text = base::dump(*body);
            list = curl_slist_append(list, "Content-Type: application/json");
            curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text.size()));
            curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, text.c_str());
            curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, method);
        }
        curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, list);
        curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, append);
        curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &answer);
        const auto done = curl_easy_perform(handle_);
        curl_slist_free_all(list);
        base::wipe(text);
        if (done != CURLE_OK)
            return no_answer(chosen_, done);
        long status = 0;
        curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 300)
            return refusal(status, answer);
        if (answer.empty())
            return json::object();
        return base::parse_json(answer);
    }

    result<void> follow(const std::string& path, const json* body,
                        const std::function<bool(const stream_event&)>& each) {
        following state;
        state.each = &each;
        const std::vector<std::string> accept{"Accept: text/event-stream"};
        auto* list = prepare(body == nullptr ? "GET" : "POST", path, accept);
        const auto text = body == nullptr ? std::string() : base::dump(*body);
        if (body != nullptr) {
            list = curl_slist_append(list, "Content-Type: application/json");
            curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text.size()));
            curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, text.c_str());
            curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, "POST");
        }
        curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, list);
        curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, take_events);
        curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &state);
        const auto done = curl_easy_perform(handle_);
        curl_slist_free_all(list);
        if (done != CURLE_OK && !state.ended)
            return no_answer(chosen_, done);
        long status = 0;
        curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 300)
            return refusal(status, state.early);
        return ok();
    }

  private:
    curl_slist* prepare(const char* method, const std::string& path, const std::vector<std::string>& headers) {
        set_up_transfer(handle_, chosen_, path);
        curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, method);
        curl_slist* list = nullptr;
        if (!chosen_.token.empty()) {
            std::string bearer = "Authorization: Bearer ";
            bearer += chosen_.token.reveal();
            list = curl_slist_append(list, bearer.c_str());
            base::wipe(bearer);
        }
        for (const auto& header : headers)
            list = curl_slist_append(list, header.c_str());
        return list;
    }

    server_choice chosen_;
    CURL* handle_;
};

result<api_client> api_client::open(server_choice chosen) {
    auto complete = complete_choice(std::move(chosen));
    if (!complete)
        return complete.error();
    return api_client(std::make_unique<wire>(std::move(*complete)));
}

api_client::api_client(std::unique_ptr<wire> made)
    : wire_(std::move(made)) {}

api_client::api_client(api_client&&) noexcept = default;
api_client& api_client::operator=(api_client&&) noexcept = default;
api_client::~api_client() = default;

result<json> api_client::get(const std::string& path) {
    return wire_->exchange("GET", path, nullptr, {});
}

result<json> api_client::post(const std::string& path, const json& body, const std::vector<std::string>& headers) {
    return wire_->exchange("POST", path, &body, headers);
}

result<json> api_client::put(const std::string& path, const json& body) {
    return wire_->exchange("PUT", path, &body, {});
}

result<json> api_client::remove(const std::string& path) {
    return wire_->exchange("DELETE", path, nullptr, {});
}

result<void> api_client::follow(const std::string& path, const std::function<bool(const stream_event&)>& each) {
    return wire_->follow(path, nullptr, each);
}

result<void> api_client::follow(const std::string& path, const json& body,
                                const std::function<bool(const stream_event&)>& each) {
    return wire_->follow(path, &body, each);
}

std::string escape(std::string_view text) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (plain.find(c) != std::string_view::npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4U];
        out += digits[byte & 0xfU];
    }
    return out;
}

int report(const error& what) {
    std::string shown;
    for (const auto line : base::split(what.message(), '\n'))
        shown += (shown.empty() ? "" : "\n") + printable(line);
    std::fprintf(stderr, "ferrule: %s (%s)\n", shown.c_str(), what.code().c_str());
    if (what.code() == "unreachable")
        return unreachable;
    const bool no_entry = what.code() == "unauthorized" || what.code() == "forbidden" || what.code() == "no_token";
    if (no_entry)
        return refused;
    return what.code() == "invalid_request" ? usage : failed;
}

} // namespace ferrule::app::cli
