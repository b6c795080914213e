#include "config/load.hpp"

#include "config/check.hpp"
#include "config/yaml/parse.hpp"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <iterator>

namespace ferrule::config {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t file_limit = std::size_t{64} << 20U;

// One load: the main file, what it includes, and the checks between them.
class loading {
  public:
    explicit loading(const load_options& options)
        : options_(options) {}

    result<settings> run(std::string_view text, std::string_view name, const fs::path& folder, const fs::path& file) {
        schema::file_entries all;
        source main;
        main.name = name;
        main.folder = folder;
        if (read(main, text, schema::shape_of<schema::file_entries>(), &all, true)) {
            main.entries = std::move(all.inventory);
            all.values.file = file;
            sources_.push_back(std::move(main));
            include(all.values.inventory_files);
            complete(all.values);
            check_daemon(sources_.front(), all.values, options_, found_);
            check_inventory(sources_, all.values, found_);
            check_checks(sources_, all.values, options_, found_);
            gather(all.values.inventory);
        }
        if (found_.any())
            return found_.to_error("invalid_config");
        all.values.warnings = found_.warnings();
        return std::move(all.values);
    }

    static void complete(settings& values) {
        if (values.node.empty()) {
            std::array<char, 256> host{};
            values.node = gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0' ? host.data() : "node";
        }
        if (values.agent.name.empty())
            values.agent.name = values.node;
        if (values.run_dir.empty())
            values.run_dir = values.data_dir / "run";
        if (values.store.path.empty())
            values.store.path = values.data_dir / "ferrule.db";
        if (values.secrets.key_file.empty())
            values.secrets.key_file = values.data_dir / "secret.key";
        if (values.commands.key_file.empty())
            values.commands.key_file = values.data_dir / "command.key";
    }

  private:
    bool read(source& into, std::string_view text, const schema::shape& how, void* entries, bool extensions) {
        auto root = yaml::parse(text, into.name, found_);
        if (!root)
            return false;
        yaml::expand(*root, into.name, into.folder, options_.variables, options_.read_file, found_);
        into.root = std::move(*root);
        schema::reader reader(into.name, into.folder, found_);
        reader.read_object(into.root, how, entries, extensions);
        warn_readable(into, reader.clear_secret());
        return true;
    }

    void warn_readable(const source& in, position secret) {
        struct stat status {};

        const auto file = in.folder / fs::path(in.name).filename();
        if (secret == position{} || stat(file.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0)
            return;
        found_.warn(in.name, secret, {},
                    "a secret stands here in clear text and everybody can read the file: chmod 600 it, or write "
                    "${VARIABLE} or !file path in its place");
    }

    void include(const std::vector<std::string>& patterns) {
        const auto* list = sources_.front().root.find("inventory");
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            if (patterns[i].empty())
                continue; // was complained about
            const auto at = list->items[i].at;
            const auto path = "inventory[" + std::to_string(i) + "]";
            const bool pattern = patterns[i].find_first_of("*?[") != std::string::npos;
            for (const auto& file : expand_pattern(patterns[i], pattern))
                include_file(file, at, path);
        }
    }

    std::vector<std::string> expand_pattern(const std::string& pattern, bool is_pattern) const {
        if (!is_pattern)
            return {pattern};
        const auto& folder = sources_.front().folder;
        const auto whole = (folder / pattern).string();
        std::vector<std::string> names;
        glob_t matches{};
        if (glob(whole.c_str(), 0, nullptr, &matches) == 0)
            for (std::size_t i = 0; i < matches.gl_pathc; ++i)
                names.push_back(fs::path(pattern).is_absolute()
                                    ? std::string(matches.gl_pathv[i])
                                    : fs::path(matches.gl_pathv[i]).lexically_relative(folder).string());
        globfree(&matches);
        return names;
    }

    void include_file(const std::string& file, position at, const std::string& path) {
        const auto name = sources_.front().name; // a copy: sources_ grows
        const auto whole = sources_.front().folder / file;
        const auto text = options_.read_file(whole, file_limit);
        if (!text) {
            found_.add(name, at, path, text.error().message());
            return;
        }
        source included;
        included.name = (fs::path(name).parent_path() / file).string();
        included.folder = whole.parent_path();
        schema::inventory_entries entries;
        if (read(included, *text, schema::shape_of<schema::inventory_entries>(), &entries, true)) {
            included.entries = std::move(entries);
            sources_.push_back(std::move(included));
        }
    }

    // Entries to what the rest of the program works with; only what is without fault is used afterwards.
    void gather(inventory& into) {
        for (auto& each : sources_) {
            for (std::size_t i = 0; i < each.entries.credentials.size(); ++i) {
                auto& entry = each.entries.credentials[i];
                if (!entry.key_file.empty())
                    read_key(each, i, entry);
                into.credentials.push_back(std::move(entry.credential));
            }
            for (auto& entry : each.entries.devices) {
                entry.device.origin = "file";
                if (entry.username) {
                    model::credential login;
                    login.name = "device:" + entry.device.name;
                    login.username = *entry.username;
                    login.password = std::move(entry.password).value_or(base::secret());
                    entry.device.at.credential = login.name;
                    into.credentials.push_back(std::move(login));
                }
                into.devices.push_back(std::move(entry.device));
            }
            for (auto& entry : each.entries.checks) {
                entry.check.origin = "file";
                into.checks.push_back(std::move(entry.check));
            }
        }
    }

    void read_key(const source& in, std::size_t index, schema::credential_entry& entry) {
        auto key = options_.read_file(entry.key_file, std::size_t{1} << 20U);
        if (key) {
            entry.credential.private_key = base::secret(std::move(*key));
            return;
        }
        const auto* value = in.root.find("credentials")->items[index].find("private_key_file");
        found_.add(in.name, value->at, "credentials[" + std::to_string(index) + "].private_key_file",
                   key.error().message());
    }

    const load_options& options_;
    problems found_;
    std::vector<source> sources_;
};

} // namespace

result<settings> load(const fs::path& file, const load_options& options) {
    const auto text = options.read_file(file, file_limit);
    if (!text)
        return error("invalid_config", text.error().message());
    // Relative paths in the file outlive the working directory that the file's own name started at.
    std::error_code failed;
    const auto whole = fs::absolute(file, failed);
    if (failed)
        return error("invalid_config", "cannot tell where " + file.string() + " is: " + failed.message());
    return loading(options).run(*text, file.string(), whole.parent_path(), file);
}

result<settings> load_text(std::string_view text, std::string_view name, const fs::path& folder,
                           const load_options& options) {
    return loading(options).run(text, name, folder, {});
}

settings defaults() {
    settings values;
    loading::complete(values);
    return values;
}

} // namespace ferrule::config
