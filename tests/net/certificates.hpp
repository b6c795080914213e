// Keys and certificates for one test, made by the openssl program as an operator would.
#pragma once

#include "support/scratch_folder.hpp"

#include <cstdlib>
#include <string>

namespace test {

/// An authority, and what it signs. The files go with the object.
class authority {
  public:
    authority() {
        run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-authority "
            "-keyout ca.key -out ca.pem");
    }

    [[nodiscard]] std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

    /// NAME.pem and NAME.key for this subject alternative name, such as `DNS:localhost`.
    void sign(const std::string& name, const std::string& alternative) const {
        folder_.write(name + ".ext", "subjectAltName=" + alternative + "\n");
        run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " + name +
            ".key -out " + name + ".csr");
        run("openssl x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile " + name +
            ".ext -out " + name + ".pem");
    }

    [[nodiscard]] const scratch_folder& folder() const { return folder_; }

  private:
    void run(const std::string& command) const {
        REQUIRE(std::system(("cd '" + folder_.path().string() + "' && " + command + " 2>/dev/null").c_str()) == 0);
    }

    scratch_folder folder_;
};

} // namespace test
