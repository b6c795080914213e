#include "http/early_answer.hpp"

#include "http/problem.hpp"
#include "http/route.hpp"

namespace ferrule::http {

std::optional<response> answer_early(dispatcher& app, request_reader& reader) {
    auto& asked = reader.current();
    if (!reader.header_complete() || asked.admitted)
        return std::nullopt;
    if (auto answer = app.admit(asked))
        return answer;
    if (asked.route->body != body_kind::none)
        return std::nullopt;
    const error why("unexpected_body", "this request takes no body");
    if (reader.cap_body(most_unexpected_body, why))
        return std::nullopt;
    return problem(why, asked.id);
}

} // namespace ferrule::http
