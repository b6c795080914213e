#include "base/strings.hpp"
#include "config/describe.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config {

namespace {

using schema::kind;
using schema::property;
using schema::shape;

std::string limit_text(const property& of, std::int64_t limit) {
    if (of.type == kind::duration)
        return base::to_text(base::duration(limit));
    return of.type == kind::size ? schema::to_text(byte_size{static_cast<std::uint64_t>(limit)})
                                 : std::to_string(limit);
}

// ", 1s to 1d or 0"
std::string limits(const property& of) {
    const auto& rules = of.rules;
    std::string text;
    if (rules.least && rules.most)
        text = ", " + limit_text(of, *rules.least) + " to " + limit_text(of, *rules.most);
    else if (rules.least)
        text = ", at least " + limit_text(of, *rules.least);
    else if (rules.most)
        text = ", at most " + limit_text(of, *rules.most);
    return text + (rules.zero ? ", or 0" : "");
}

// The shape of what a property holds: itself an object, or a list or map of objects.
const shape* below(const property& of) {
    if (of.type == kind::object)
        return of.nested;
    return of.item && of.item->type == kind::object ? of.item->nested : nullptr;
}

std::string yaml_value(const base::json& value) {
    if (!value.is_string())
        return base::dump(value);
    const auto& text = value.get_ref<const std::string&>();
    const bool plain = text.find_first_of(":#{}[]&*!|>'\"%@`") == std::string::npos && text != "1.2" && text != "1.3";
    return plain ? text : base::dump(value);
}

std::string default_of(const property& of) {
    if (!of.rules.default_text.empty())
        return std::string(of.rules.default_text);
    if (of.rules.required)
        return "required";
    return of.default_value.is_null() ? "" : "`" + yaml_value(of.default_value) + "`";
}

// A pipe would end the cell.
std::string cell(std::string text) {
    for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
        text.insert(at, "\\");
    return text;
}

void table(std::string& out, const shape& described, const std::string& path) {
    if (!path.empty())
        out += "\n### `" + path + "`\n";
    out += "\n| key | type | default | |\n|---|---|---|---|\n";
    for (const auto& each : described.properties) {
        auto text = each.text;
        if (!each.rules.example.empty())
            text += " Example: `" + std::string(each.rules.example) + "`.";
        out += "| `" + each.name + "` | " + cell(schema::type_text(each) + limits(each)) + " | " +
               cell(default_of(each)) + " | " + cell(text) + " |\n";
    }
    for (const auto& each : described.properties) {
        const auto* nested = below(each);
        if (nested == nullptr)
            continue;
        const auto* const brackets = each.type == kind::list ? "[]" : "";
        table(out, *nested, (path.empty() ? "" : path + ".") + each.name + brackets);
    }
}

// One setting, commented out; sections stay, since a section without anything in it is right as well.
void entry(std::string& out, const property& of, const std::string& indent) {
    out += indent + "# " + of.text + "\n";
    if (of.type == kind::choice)
        out += indent + "# " + "One of " + base::join(of.choices, ", ") + ".\n";
    if (of.type == kind::object) {
        out += indent + of.name + ":\n";
        for (const auto& each : of.nested->properties)
            entry(out, each, indent + "  ");
        return;
    }
    if (!of.rules.default_text.empty())
        out += indent + "# Default: " + std::string(of.rules.default_text) + ".\n";
    std::string value;
    if (of.default_value.is_null() || !of.rules.default_text.empty())
        value = of.rules.example.empty() ? std::string() : " " + std::string(of.rules.example);
    else
        value = " " + yaml_value(of.default_value);
    out += indent + "#" + of.name + ":" + value + "\n";
}

} // namespace

std::string settings_tables() {
    std::string out;
    table(out, schema::shape_of<schema::file_entries>(), {});
    return out;
}

std::string default_file() {
    std::string out = "# Ferrule. Every setting stands here with its default, commented out.\n"
                      "# Values may come from elsewhere: ${VARIABLE}, ${VARIABLE:-default}, !file path.\n"
                      "# Check it with: ferrule check-config FILE\n";
    for (const auto& each : schema::shape_of<schema::file_entries>().properties) {
        out += "\n";
        entry(out, each, {});
    }
    return out;
}

} // namespace ferrule::config
