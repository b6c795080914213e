#include "devices/part_store.hpp"

#include "base/json.hpp"
#include "base/log.hpp"

#include <utility>

namespace ferrule::devices {

using base::json;

namespace {

constexpr const char* parts = "job_end_parts";
constexpr auto kept_for = std::chrono::hours(24 * 7);
constexpr std::uint32_t page = 16; // of up to 1 MiB each

// No agent's name has a space in it.
std::string key_of(const std::string& agent, const attempt& which, std::size_t number) {
    const auto digits = std::to_string(number);
    return agent + " " + which.id + " " + std::to_string(which.run) + " " + std::string(4 - digits.size(), '0') +
           digits;
}

} // namespace

std::vector<store::collection> part_store::collections() {
    std::vector<store::collection> kept;
    kept.emplace_back(parts, std::vector<std::string>{});
    return kept;
}

void part_store::put(const std::string& agent, const end_part& part, std::string text,
                     std::function<void(result<void>)> done) {
    store::record made(parts, key_of(agent, part.which, part.number), std::move(text));
    const auto until = clock_.wall_now() + kept_for;
    made.expires_at_ms = until.time_since_epoch().count();
    records_.write(std::move(made), std::move(done));
}

asio::awaitable<result<ended_job>> part_store::read(std::string agent, attempt which, std::size_t count) {
    end_assembly whole;
    std::size_t missing = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto row = co_await records_.get(parts, key_of(agent, which, i));
        if (!row)
            co_return row.error();
        if (*row) {
            whole.add(json::parse((*row)->value, nullptr, false));
        } else {
            whole.skip();
            ++missing;
        }
    }
    if (missing != 0)
        base::log::warn("devices", "parts of a job's output were dropped on the way",
                        {{"job", which.id}, {"node", agent}, {"parts", std::to_string(missing)}});
    co_return whole.finish();
}

void part_store::remove(const std::string& agent, const attempt& which, std::size_t count) {
    std::vector<store::record> gone;
    for (std::size_t i = 0; i < count; ++i) {
        gone.emplace_back(parts, key_of(agent, which, i), std::string());
        gone.back().remove = true;
    }
    records_.write(std::move(gone), [](const result<void>&) {});
}

asio::awaitable<result<std::vector<end_part>>> part_store::list(std::string agent) {
    std::vector<end_part> all;
    store::query wanted;
    wanted.collection = parts;
    wanted.from = agent + " ";
    wanted.to = agent + "!"; // the character after a space
    wanted.limit = page;
    for (;;) {
        const auto rows = co_await records_.scan(wanted);
        if (!rows)
            co_return rows.error();
        for (const auto& row : *rows)
            if (auto part = end_part_from(json::parse(row.value, nullptr, false)))
                all.push_back(std::move(*part));
        if (rows->size() < page)
            break;
        wanted.from = rows->back().key + " ";
    }
    co_return all;
}

} // namespace ferrule::devices
