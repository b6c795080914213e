// SPDX-License-Identifier: Apache-2.0
// From the JSON form of a platform to the compiled one.
#pragma once

#include "ssh/platform/json_reader.hpp"
#include "ssh/platform/platform.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ferrule::ssh {

/// Compiles one platform; its functions throw sdk::failure with `invalid_platform`.
class platform_reader {
  public:
    using json = nlohmann::json;

    static std::shared_ptr<const platform> read(const json& object);

    /// A pattern with the place in the error message.
    static regex pattern(json_reader& in, const std::string& key, const std::string& text);

    /// A question: {"pattern", "reply" | "answer": "password" | "enable" | "fail": {code, message}, "bare"?, "secret"?,
    /// "repeat"?}.
    static question one_question(const json& object, const std::string& path);

  private:
    explicit platform_reader(const json& object)
        : in_(object, "", "invalid_platform") {}

    std::shared_ptr<platform> prompt();
    void behaviour(platform& p);
    void texts(platform& p);
    void modes(platform& p);
    void config(platform& p);
    void own(platform& p);

    std::vector<regex> patterns(json_reader& in, const std::string& key);
    static std::vector<question> questions(json_reader& in, const std::string& key);
    void one_mode(platform& p, const json& object, const std::string& path);

    json_reader in_;
};

} // namespace ferrule::ssh
