#include "config/yaml/expand.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace ferrule::config::yaml {

namespace {

constexpr std::size_t value_limit = std::size_t{1} << 20U;

bool is_variable(std::string_view name) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view digits = "0123456789";
    return !name.empty() && letters.find(name.front()) != std::string_view::npos &&
           name.find_first_not_of(std::string(letters) + std::string(digits)) == std::string_view::npos;
}

class expander {
  public:
    expander(std::string_view file, const std::filesystem::path& folder, const environment& variables,
             const file_reader& read, problems& found)
        : file_(file)
        , folder_(folder)
        , variables_(variables)
        , read_(read)
        , found_(found) {}

    void visit(node& at, const std::string& path) {
        if (at.what == node::type::scalar)
            scalar(at, path);
        else if (!at.tag.empty())
            unknown_tag(at, path);
        for (std::size_t i = 0; i < at.items.size(); ++i)
            visit(at.items[i], path + "[" + std::to_string(i) + "]");
        for (auto& each : at.members)
            visit(each.value, path.empty() ? each.key : path + "." + each.key);
    }

  private:
    void complain(node& at, const std::string& path, std::string message) {
        at.faulty = true;
        found_.add(file_, at.at, path, std::move(message));
    }

    void unknown_tag(node& at, const std::string& path) {
        complain(at, path, "unknown tag " + at.tag + "; the one that is known is !file");
    }

    void scalar(node& at, const std::string& path) {
        if (at.text.find("${") != std::string::npos) {
            auto text = substitute(at, path);
            at.text = std::move(text);
        }
        if (at.tag.empty())
            return;
        if (at.tag != "!file") {
            unknown_tag(at, path);
            return;
        }
        const auto name = folder_ / at.text;
        auto contents = read_(name, value_limit);
        if (!contents) {
            complain(at, path, contents.error().message());
            return;
        }

        struct stat status {};

        if (stat(name.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0)
            found_.warn(file_, at.at, path, name.string() + " can be read by everybody: chmod 600 it");
        at.from_elsewhere = true;
        at.text = std::move(*contents);
        if (at.text.ends_with('\n'))
            at.text.pop_back();
        if (at.text.ends_with('\r'))
            at.text.pop_back();
        at.quoted = true;
    }

    std::string substitute(node& at, const std::string& path) {
        std::string out;
        const std::string_view text = at.text;
        for (std::size_t i = 0; i < text.size();) {
            if (text.substr(i, 3) == "$${") {
                out += "${";
                i += 3;
                continue;
            }
            if (text.substr(i, 2) != "${") {
                out += text[i++];
                continue;
            }
            const auto end = text.find('}', i);
            if (end == std::string_view::npos) {
                complain(at, path, "\"${\" has no closing \"}\"; write \"$${\" for a plain \"${\"");
                return out;
            }
            const auto inside = text.substr(i + 2, end - i - 2);
            i = end + 1;
            const auto split = inside.find(":-");
            const auto name = inside.substr(0, split);
            if (!is_variable(name)) {
                complain(at, path,
                         "\"${" + std::string(name) +
                             "}\" does not name an environment variable; write \"$${\" for a plain \"${\"");
                continue;
            }
            const auto value = variables_(name);
            at.from_elsewhere = true;
            if (value && !(value->empty() && split != std::string_view::npos))
                out += *value;
            else if (split != std::string_view::npos)
                out += inside.substr(split + 2);
            else
                complain(at, path,
                         "the environment variable " + std::string(name) +
                             " is not set; set it, or give a default: ${" + std::string(name) + ":-…}");
        }
        return out;
    }

    std::string_view file_;
    const std::filesystem::path& folder_;
    const environment& variables_;
    const file_reader& read_;
    problems& found_;
};

} // namespace

std::optional<std::string> process_environment(std::string_view name) {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void expand(node& root, std::string_view file, const std::filesystem::path& folder, const environment& variables,
            const file_reader& read, problems& found) {
    expander(file, folder, variables, read, found).visit(root, {});
}

result<std::string> read_text_file(const std::filesystem::path& file, std::size_t limit) {
    const auto refuse = [&file](std::string_view why) {
        return error("unreadable_file", "cannot read " + file.string() + ": " + std::string(why));
    };
    std::error_code failed;
    const auto status = std::filesystem::status(file, failed);
    if (!failed && std::filesystem::is_directory(status))
        return refuse("it is a directory");
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return refuse(std::strerror(errno));
    std::string text;
    char block[16384];
    while (in.read(block, sizeof block), in.gcount() > 0) {
        text.append(block, static_cast<std::size_t>(in.gcount()));
        if (text.size() > limit)
            return refuse("it is larger than " + std::to_string(limit) + " bytes");
    }
    return text;
}

} // namespace ferrule::config::yaml
