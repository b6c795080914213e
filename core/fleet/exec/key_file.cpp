// The file of the key that signs commands.
#include "fleet/exec/signing.hpp"

#include "base/private_file.hpp"

#include <sodium.h>

namespace ferrule::fleet::exec {

result<signing_key> signing_key::open(const std::string& file) {
    base::file_words words;
    words.code = "command_key";
    words.before = "the key that signs commands, ";
    words.after = ", ";
    words.remedy = "; set data_dir or commands.key_file to a place that this user can write to";
    const auto seed = base::open_key(file, crypto_sign_SEEDBYTES, words,
                                     "restore it from a backup, or remove it to get a new one, which the agents must "
                                     "then be told");
    if (!seed)
        return seed.error();
    return from_seed(seed->reveal());
}

} // namespace ferrule::fleet::exec
