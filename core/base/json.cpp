#include "base/json.hpp"

#include "base/strings.hpp"

#include <set>

namespace ferrule::base {

namespace {

constexpr std::size_t depth_limit = 64;

std::string where(std::string_view text, std::size_t offset) {
    offset = std::min(offset, text.size());
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char c : text.substr(0, offset)) {
        ++column;
        if (c == '\n') {
            ++line;
            column = 1;
        }
    }
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// Builds the value like nlohmann's own DOM parser, and refuses what that one lets pass: duplicate keys and deep
// nesting.
class strict_builder : public nlohmann::detail::json_sax_dom_parser<json> {
    using parent = nlohmann::detail::json_sax_dom_parser<json>;

  public:
    strict_builder(json& target, std::size_t size)
        : parent(target, false)
        , size_(size) {}

    bool start_object(std::size_t size) {
        keys_.emplace_back();
        return deeper() && parent::start_object(size);
    }

    bool key(std::string& name) {
        if (!keys_.back().insert(name).second) {
            fault_ = "the key \"" + name + "\" stands twice in the same object";
            return false;
        }
        return parent::key(name);
    }

    bool end_object() {
        keys_.pop_back();
        --depth_;
        return parent::end_object();
    }

    bool start_array(std::size_t size) { return deeper() && parent::start_array(size); }

    bool end_array() {
        --depth_;
        return parent::end_array();
    }

    template <class Exception>
    bool parse_error(std::size_t position, const std::string& token, const Exception&) {
        position_ = position;
        fault_ = token.empty() || position > size_ ? "it ends too early" : "unexpected " + quote(token);
        return false;
    }

    [[nodiscard]] const std::string& fault() const { return fault_; }

    [[nodiscard]] std::size_t position() const { return position_; }

  private:
    static std::string quote(const std::string& token) {
        constexpr std::size_t shown = 24;
        const auto tail = token.size() > shown ? token.substr(token.size() - shown) : token;
        return "text near '" + tail + "'";
    }

    bool deeper() {
        if (++depth_ <= depth_limit)
            return true;
        fault_ = "it is nested deeper than " + std::to_string(depth_limit) + " levels";
        return false;
    }

    std::vector<std::set<std::string>> keys_;
    std::size_t depth_ = 0;
    std::string fault_;
    std::size_t position_ = 0;
    std::size_t size_;
};

} // namespace

result<json> parse_json(std::string_view text) {
    // nlohmann takes a zero byte for the end and lets anything follow it.
    if (const auto zero = text.find('\0'); zero != std::string_view::npos)
        return error("invalid_json", "this is not valid JSON: a zero byte at " + where(text, zero));
    json value;
    strict_builder builder(value, text.size());
    if (json::sax_parse(text.begin(), text.end(), &builder))
        return value;
    std::string message = "this is not valid JSON: " + (builder.fault().empty() ? "syntax error" : builder.fault());
    if (builder.position() > 0)
        message += " at " + where(text, builder.position() - 1);
    return error("invalid_json", std::move(message));
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json to_json(const error& what) {
    json value{{"code", what.code()}, {"message", what.message()}, {"retryable", what.retryable()}};
    if (!what.details().empty()) {
        auto details = json::parse(what.details(), nullptr, false);
        value["details"] = details.is_discarded() ? json(what.details()) : std::move(details);
    }
    return value;
}

error error_from_json(std::string_view text, std::string_view fallback_code) {
    const auto value = json::parse(text, nullptr, false);
    if (!value.is_object() || !value.contains("code") || !value["code"].is_string())
        return error(std::string(fallback_code), text.empty() ? "it gave no reason" : "it gave no readable reason");
    const auto message = value.contains("message") && value["message"].is_string() ? value["message"].get<std::string>()
                                                                                   : std::string("it gave no message");
    const bool retryable =
        value.contains("retryable") && value["retryable"].is_boolean() && value["retryable"].get<bool>();
    return error(value["code"].get<std::string>(), message, retryable,
                 value.contains("details") ? dump(value["details"]) : std::string());
}

} // namespace ferrule::base
