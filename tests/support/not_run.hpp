// What a test does where it cannot be run.
#pragma once

#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

namespace test {

/// A test that has no namespace of its own here measures nothing, and must not look as if it had: it fails. Where
/// FERRULE_WITHOUT_NAMESPACES is set, ctest tells it as skipped (see ferrule_tests in cmake/targets.cmake).
inline void not_run(const std::string& why) {
    const auto* const expected = std::getenv("FERRULE_WITHOUT_NAMESPACES");
    if (expected == nullptr || *expected == '\0')
        FAIL(why << ". Run the tests as root, or allow users to have namespaces; with FERRULE_WITHOUT_NAMESPACES=1 in "
                    "the environment what needs one is skipped");
    std::cout << "test-not-run: " << why << std::endl;
}

} // namespace test
