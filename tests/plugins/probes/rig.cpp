// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/rig.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace ferrule::probes_test {

namespace {

testhost::plugin load(const std::string& probe) {
    return testhost::plugin::load(std::string(FERRULE_PROBE_FOLDER) + "/" + probe + ".so");
}

} // namespace

rig::rig(const std::string& name, const json& config)
    : plugin_(load(name))
    , probe(on, plugin_.component(FRL_KIND_PROBE, name), config.dump()) {}

rig::~rig() {
    probe.destroy();
    CHECK(on.loop().watch_count() == 0);
    CHECK(on.loop().timer_count() == 0);
    CHECK(on.stale_completions() == 0);
    CHECK(on.wrong_thread_calls().empty());
}

json rig::measure(const json& target) {
    return finish(start(target));
}

frl_op rig::start(const json& target, std::chrono::nanoseconds limit) {
    return probe.start(target.dump(), limit);
}

json rig::finish(frl_op op) {
    const auto got = on.wait(op);
    if (!got.completed) {
        throw std::runtime_error("the measurement did not end");
    }
    auto what = json::parse(got.json);
    return got.ok() ? what : json{{"error", what}};
}

std::string refusal(const std::string& probe, const json& config) {
    try {
        rig made(probe, config);
    } catch (const std::runtime_error& what) {
        return what.what();
    }
    return "no refusal";
}

scratch::scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferrule-probes-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("no temporary directory");
    }
    root_ = pattern;
}

scratch::~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

std::string scratch::write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
}

} // namespace ferrule::probes_test
