#include "http/target.hpp"

#include "base/strings.hpp"

#include <boost/url/decode_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

namespace ferrule::http {

namespace {

constexpr std::size_t most_parameters = 64;

error refused(std::string reason) {
    return error("bad_request", "the request target " + std::move(reason));
}

bool is_clean(std::string_view text) {
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
    });
    return !control && base::is_utf8(text);
}

// Most targets have nothing to decode; those are split without the URL parser.
bool is_plain_path(std::string_view target) {
    return target.front() == '/' && std::all_of(target.begin(), target.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '/' ||
                      c == '-' || c == '_' || c == '.';
           });
}

void split_plain_path(std::string_view path, std::vector<std::string>& into) {
    path.remove_prefix(1);
    for (;;) {
        const auto end = path.find('/');
        into.emplace_back(path.substr(0, end));
        if (end == std::string_view::npos)
            return;
        path.remove_prefix(end + 1);
    }
}

result<void> take(boost::urls::url_view url, request& asked) {
    if (url.has_fragment() || url.has_userinfo())
        return refused("must have neither a fragment nor a user name");
    // Encoded segments are taken as they are: Boost.URL's own view would drop the leading "/." that guards a "//".
    std::string_view path(url.encoded_path().data(), url.encoded_path().size());
    if (path.empty())
        path = "/";
    split_plain_path(path, asked.segments);
    for (auto& segment : asked.segments) {
        if (segment.find('%') != std::string::npos) {
            const boost::urls::pct_string_view encoded(segment);
            std::string decoded(encoded.decoded_size(), '\0');
            std::copy((*encoded).begin(), (*encoded).end(), decoded.begin());
            segment = std::move(decoded);
        }
        if (!is_clean(segment))
            return refused("must be UTF-8 without control characters");
    }
    for (const auto param : url.params()) {
        if (asked.query.size() == most_parameters)
            return refused("has more than " + std::to_string(most_parameters) + " query parameters");
        if (!is_clean(param.key) || !is_clean(param.value))
            return refused("must be UTF-8 without control characters");
        asked.query.emplace_back(param.key, param.value);
    }
    return ok();
}

} // namespace

result<void> read_target(request& asked) {
    const auto target = asked.target();
    if (target.empty())
        return refused("is empty");
    if (is_plain_path(target)) {
        split_plain_path(target, asked.segments);
        return ok();
    }
    if (target == "*" && asked.verb == method::options)
        return ok();
    if (target.front() == '/') {
        const auto parsed = boost::urls::parse_origin_form({target.data(), target.size()});
        return parsed ? take(*parsed, asked) : refused("is not a path with a valid encoding");
    }
    const auto parsed = boost::urls::parse_absolute_uri({target.data(), target.size()});
    if (!parsed ||
        (parsed->scheme_id() != boost::urls::scheme::http && parsed->scheme_id() != boost::urls::scheme::https))
        return refused("must be a path that begins with a slash");
    return take(*parsed, asked);
}

} // namespace ferrule::http
