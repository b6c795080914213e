#include "base/strings.hpp"
#include "net/libraries.hpp"
#include "plugins/check_bench.hpp"
#include "plugins/check_kinds.hpp"
#include "plugins/check_report.hpp"
#include "plugins/elf_symbols.hpp"
#include "plugins/plugin_file.hpp"

#include <ferrule/abi/abi.h>

namespace ferrule::plugins {

namespace {

std::string describe(const note& of) {
    std::vector<std::string> parts;
    parts.reserve(of.components.size());
    for (const auto& each : of.components)
        parts.push_back(each.kind_id + " '" + each.name + "' (" + each.execution + ")");
    return of.id + " " + of.version + ", ABI " + std::to_string(of.abi_major) + "." + std::to_string(of.abi_minor) +
           ": " + base::join(parts, ", ");
}

bool check_exports(const std::filesystem::path& file, check_report& report) {
    report.begin("exports");
    const auto opened = plugin_file::open(file);
    const auto names = opened ? exported_symbols(*opened) : result<std::vector<std::string>>(opened.error());
    if (!names) {
        report.end(false, names.error().message());
        return false;
    }
    auto others = *names;
    std::erase(others, FRL_ENTRY_SYMBOL);
    if (others.size() == names->size()) {
        report.end(false, "it does not export " FRL_ENTRY_SYMBOL "; declare it with FRL_EXPORT");
        return false;
    }
    if (!others.empty()) {
        const auto count = others.size();
        others.resize(std::min<std::size_t>(count, 5));
        report.end(false, "it exports " + std::to_string(count) + " other symbols, such as " +
                              base::join(others, ", ") +
                              "; hide them (-fvisibility=hidden, a version script, -Wl,--exclude-libs,ALL)");
        return true;
    }
    report.end(true, "only " FRL_ENTRY_SYMBOL);
    return true;
}

void check_component(check_bench& on, const note_component& which, check_report& report, const check_settings& wanted) {
    const auto kind = kind_from_id(which.kind_id);
    if (!kind) {
        report.add(which.kind_id + " " + which.name, true, "this version does not know the kind, so it was not tried");
        return;
    }
    switch (*kind) {
    case kind::driver:
        check_driver(on, which.name, report);
        return;
    case kind::probe:
        check_probe(on, which.name, report);
        return;
    case kind::scheduler:
        check_scheduler(on, which.name, report);
        return;
    case kind::store:
        check_store(on, which.name, report, wanted);
        return;
    }
}

} // namespace

void run_checks(const std::filesystem::path& file, const check_settings& wanted, check_report& report) {
    net::init_libraries();
    report.begin("note");
    const auto noted = read_note(file);
    if (!noted) {
        report.end(false, noted.error().message());
        return;
    }
    report.end(true, describe(noted->note));
    if (!check_exports(file, report))
        return;

    check_bench on(file, wanted);
    for (const auto& each : noted->note.components)
        check_component(on, each, report, wanted);

    report.begin("end");
    const bool ended = on.stop();
    const auto complaints = on.complaints();
    if (!ended)
        report.end(false, "an instance did not end: an operation is still owed or blocking work goes on");
    else if (!complaints.empty())
        report.end(false, "the host held this against it while it ended: " + complaints);
    else
        report.end(true, "every instance was destroyed");
}

} // namespace ferrule::plugins
