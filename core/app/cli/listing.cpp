#include "app/cli/listing.hpp"

#include "app/cli/exit_code.hpp"
#include "app/cli/table.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace ferrule::app::cli {

using base::json;

namespace {

// A cell is one line: what a device or a user put into a text must not break the table, or reach the terminal as a
// command.
std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

std::string text_of(const json& value) {
    if (value.is_string())
        return one_line(value.get<std::string>());
    if (value.is_number_float()) {
        std::array<char, 32> digits{};
        std::snprintf(digits.data(), digits.size(), "%.2f", value.get<double>());
        return digits.data();
    }
    if (value.is_array()) {
        std::string all;
        for (const auto& each : value)
            all += (all.empty() ? "" : ",") + text_of(each);
        return all.empty() ? "-" : all;
    }
    if (value.is_null())
        return "-";
    if (value.is_object()) {
        std::string all;
        for (const auto& [key, each] : value.items())
            all += (all.empty() ? "" : ",") + one_line(key) + "=" + text_of(each);
        return all.empty() ? "-" : all;
    }
    return base::dump(value);
}

std::string member_of(const json& item, const std::string& path) {
    const json* at = &item;
    for (const auto part : base::split(path, '.')) {
        const auto found = at->is_object() ? at->find(part) : at->end();
        if (!at->is_object() || found == at->end())
            return "-";
        at = &*found;
    }
    return text_of(*at);
}

result<json> all_items(api_client& client, const std::string& path, std::size_t limit) {
    json items = json::array();
    std::string cursor;
    for (;;) {
        auto page_path = path;
        if (!cursor.empty())
            page_path += (path.find('?') == std::string::npos ? "?cursor=" : "&cursor=") + escape(cursor);
        auto page = client.get(page_path);
        if (!page)
            return page.error();
        const auto list = page->is_object() ? page->value("items", json::array()) : *page;
        for (const auto& each : list) {
            if (limit > 0 && items.size() == limit)
                return items;
            items.push_back(each);
        }
        const auto next = page->is_object() ? page->find("next") : page->end();
        if (!page->is_object() || next == page->end() || !next->is_string())
            return items;
        cursor = next->get<std::string>();
    }
}

} // namespace

int print_listing(const server_choice& server, const std::string& path, const std::vector<column>& columns,
                  bool as_json, std::size_t limit) {
    auto client = api_client::open(server);
    if (!client)
        return report(client.error());
    const auto items = all_items(*client, path, limit);
    if (!items)
        return report(items.error());
    if (as_json) {
        std::printf("%s\n", items->dump(2).c_str());
        return success;
    }
    std::vector<std::string> header;
    header.reserve(columns.size());
    for (const auto& each : columns)
        header.push_back(each.heading);
    table rows(header);
    for (const auto& item : *items) {
        std::vector<std::string> row;
        row.reserve(columns.size());
        for (const auto& each : columns)
            row.push_back(member_of(item, each.member));
        rows.add(std::move(row));
    }
    rows.print();
    return success;
}

int print_get(const server_choice& server, const std::string& path) {
    auto client = api_client::open(server);
    if (!client)
        return report(client.error());
    const auto answer = client->get(path);
    if (!answer)
        return report(answer.error());
    std::printf("%s\n", answer->dump(2).c_str());
    return success;
}

int print_post(const server_choice& server, const std::string& path, const json& body) {
    auto client = api_client::open(server);
    if (!client)
        return report(client.error());
    const auto answer = client->post(path, body);
    if (!answer)
        return report(answer.error());
    std::printf("%s\n", answer->dump(2).c_str());
    return success;
}

int run_delete(const server_choice& server, const std::string& path, const std::string& said) {
    auto client = api_client::open(server);
    if (!client)
        return report(client.error());
    const auto answer = client->remove(path);
    if (!answer)
        return report(answer.error());
    std::printf("%s\n", said.c_str());
    return success;
}

} // namespace ferrule::app::cli
