#include "config/yaml/parse.hpp"

#include "base/strings.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>

namespace ferrule::config::yaml {

namespace {

constexpr std::size_t depth_limit = 64;
constexpr std::size_t node_limit = 2'000'000;

// yaml-cpp counts from zero, and gives -1 for a place that it does not know.
position place(const YAML::Mark& mark) {
    return mark.line < 0 ? position{} : position{mark.line + 1, mark.column + 1};
}

struct refused {
    position at;
    std::string why;
};

std::size_t count(const node& of) {
    std::size_t sum = 1;
    for (const auto& item : of.items)
        sum += count(item);
    for (const auto& each : of.members)
        sum += count(each.value);
    return sum;
}

class tree_builder final : public YAML::EventHandler {
  public:
    tree_builder(std::string_view file, problems& found)
        : file_(file)
        , found_(found) {}

    void OnDocumentStart(const YAML::Mark&) override {}

    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        node made;
        made.at = place(mark);
        finish(std::move(made), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto target = anchors_.find(anchor);
        if (target == anchors_.end())
            throw refused{place(mark), "an alias refers to the value that it stands in"};
        grow(count(target->second), place(mark));
        auto copy = target->second;
        put(std::move(copy));
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        node made;
        made.what = node::type::scalar;
        made.at = place(mark);
        made.text = value;
        made.quoted = tag == "!";
        if (tag != "!" && tag != "?")
            made.tag = tag;
        finish(std::move(made), anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(node::type::list, mark, tag, anchor);
    }

    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(node::type::map, mark, tag, anchor);
    }

    void OnMapEnd() override {
        merge(open_.back().value);
        close();
    }

    node take() { return std::move(root_); }

  private:
    struct frame {
        node value;
        YAML::anchor_t anchor = 0;
        bool has_key = false;
        member next;
        std::unordered_map<std::string, int> lines; // of the keys seen so far
    };

    void grow(std::size_t by, position at) {
        nodes_ += by;
        if (nodes_ > node_limit)
            throw refused{at, "the document has more than " + std::to_string(node_limit) + " values"};
    }

    void open(node::type what, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (open_.size() >= depth_limit)
            throw refused{place(mark), "it is nested deeper than " + std::to_string(depth_limit) + " levels"};
        frame made;
        made.value.what = what;
        made.value.at = place(mark);
        if (tag != "!" && tag != "?")
            made.value.tag = tag;
        made.anchor = anchor;
        open_.push_back(std::move(made));
    }

    void close() {
        auto done = std::move(open_.back());
        open_.pop_back();
        finish(std::move(done.value), done.anchor);
    }

    void finish(node made, YAML::anchor_t anchor) {
        if (anchor != 0)
            anchors_[anchor] = made;
        grow(1, made.at);
        put(std::move(made));
    }

    void put(node made) {
        if (open_.empty()) {
            root_ = std::move(made);
            return;
        }
        auto& in = open_.back();
        if (in.value.what == node::type::list) {
            in.value.items.push_back(std::move(made));
        } else if (!in.has_key) {
            if (made.what == node::type::list || made.what == node::type::map)
                throw refused{made.at, "a key must be a text"};
            in.next = member{made.what == node::type::null ? "null" : std::move(made.text), made.at, {}};
            in.has_key = true;
        } else {
            in.has_key = false;
            in.next.value = std::move(made);
            add_member(in);
        }
    }

    void add_member(frame& in) {
        const auto [first, fresh] = in.lines.emplace(in.next.key, in.next.at.line);
        if (!fresh) {
            found_.add(file_, in.next.at, {},
                       "the key \"" + in.next.key + "\" stands twice; the first is in line " +
                           std::to_string(first->second));
            return;
        }
        in.value.members.push_back(std::move(in.next));
    }

    // `<<: *defaults`: takes over the keys that the map does not have itself.
    void merge(node& map) {
        const auto key =
            std::find_if(map.members.begin(), map.members.end(), [](const member& each) { return each.key == "<<"; });
        if (key == map.members.end())
            return;
        const auto source = std::move(*key);
        map.members.erase(key);
        const auto take = [&](const node& from) {
            if (from.what != node::type::map) {
                found_.add(file_, source.at, {}, "\"<<\" takes a map or a list of maps");
                return;
            }
            for (const auto& each : from.members)
                if (map.find(each.key) == nullptr)
                    map.members.push_back(each);
        };
        if (source.value.what == node::type::list)
            std::for_each(source.value.items.begin(), source.value.items.end(), take);
        else
            take(source.value);
    }

    std::string file_;
    problems& found_;
    std::vector<frame> open_;
    std::map<YAML::anchor_t, node> anchors_;
    std::size_t nodes_ = 0;
    node root_;
};

// yaml-cpp's own words for a tab in the indentation say nothing about it.
std::string explain(std::string_view text, const YAML::Exception& failed) {
    auto lines = base::split(text, '\n');
    const auto at = static_cast<std::size_t>(std::max(failed.mark.line, 0));
    for (auto i = at < 2 ? 0 : at - 1; i <= at && i < lines.size(); ++i) {
        const auto indent = lines[i].substr(0, lines[i].find_first_not_of(" \t"));
        if (indent.find('\t') != std::string_view::npos)
            return "this is not valid YAML: line " + std::to_string(i + 1) + " is indented with a tab; use spaces";
    }
    return "this is not valid YAML: " + failed.msg;
}

} // namespace

std::optional<node> parse(std::string_view text, std::string_view file, problems& found) {
    if (!base::is_utf8(text)) {
        found.add(file, {}, {}, "the file is not UTF-8 text");
        return std::nullopt;
    }
    tree_builder builder(file, found);
    try {
        std::istringstream in{std::string(text)};
        YAML::Parser parser(in);
        const bool any = parser.HandleNextDocument(builder);
        auto root = any ? builder.take() : node{};
        if (root.what == node::type::null) {
            root.what = node::type::map;
            root.at = {1, 1};
        }
        tree_builder second(file, found);
        if (any && parser.HandleNextDocument(second))
            found.add(file, second.take().at, {}, "only one document is allowed in a file");
        return root;
    } catch (const refused& why) {
        found.add(file, why.at, {}, why.why);
    } catch (const YAML::Exception& failed) {
        found.add(file, place(failed.mark), {}, explain(text, failed));
    }
    return std::nullopt;
}

} // namespace ferrule::config::yaml
