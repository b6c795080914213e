// Orders to agents of any contents: what is read is refused with a reason or is exactly what was signed, and what
// agents tell of their ends is read or refused.
#include "base/json.hpp"
#include "base/strings.hpp"
#include "fleet/exec/envelope.hpp"
#include "fleet/exec/ledger.hpp"
#include "fleet/exec/messages.hpp"
#include "model/command_json.hpp"

#include <cstdint>
#include <cstdlib>

using namespace ferrule;
using namespace ferrule::fleet::exec;

namespace {

template <class T>
void must_explain(const result<T>& read) {
    if (!read && (read.error().code().empty() || read.error().message().empty()))
        std::abort();
}

const signing_key& key() {
    static const auto made = signing_key::make();
    return made;
}

const verifier& judge() {
    static const verifier made(trusted_keys::make({key().shown().text()}).value(),
                               verifier::rules{"web1", std::chrono::seconds(30), std::chrono::hours(168)});
    return made;
}

/// As a controller reads it of an agent: what was understood is the same when it is told again.
void answer(const base::json& body) {
    const auto ended = task_end_from_json(body);
    must_explain(ended);
    if (ended) {
        const auto again = task_end_from_json(base::parse_json(result_body(*ended, true, base::wall_time{})).value());
        if (!again || to_json(*again) != to_json(*ended))
            std::abort();
    }
    const auto given = body.is_object() ? body.find("error") : body.end();
    const auto why = base::error_from_json(given == body.end() ? "{}" : base::dump(*given), "refused");
    if (base::shortened(why.code(), 64).size() > 64 + 3 || base::shortened(why.message(), 512).size() > 512 + 3)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto body = base::parse_json(text);
    if (body) {
        must_explain(judge().open(*body)); // as it comes: nobody has signed it
        must_explain(model::command_request_from_json(*body));
        must_explain(model::command_from_record(*body));
        must_explain(model::task_from_record(*body));
        answer(*body);
        (void)digest_of(*body);
        (void)claimed(*body, "task_id");
    }
    // As a controller with the right key would sign it, whatever it is.
    base::json sealed{{"signed", std::string(text)}, {"sign", key().sign(text)}};
    if (body && body->is_object() && body->contains("key_id")) {
        auto named = *body;
        named["key_id"] = key().shown().id();
        const auto raw = base::dump(named);
        sealed = base::json{{"signed", raw}, {"sign", key().sign(raw)}};
    }
    const auto opened = judge().open(sealed);
    must_explain(opened);
    if (opened) {
        // What was understood is what is signed when it is given again.
        const auto again = judge().open(seal(opened->what, key()));
        if (!again || again->what.spec != opened->what.spec || again->what.nonce != opened->what.nonce ||
            again->what.task_id != opened->what.task_id || again->what.not_after != opened->what.not_after)
            std::abort();
        must_explain(judge().timely(opened->what, opened->what.issued_at));
    }
    return 0;
}
