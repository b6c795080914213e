// Owners for libssh's handles.
#pragma once

#include <libssh/libssh.h>
#include <libssh/server.h>

#include <memory>

namespace ferrule::simdevice {

struct ssh_deleter {
    void operator()(ssh_session_struct* session) const { ssh_free(session); }

    void operator()(ssh_bind_struct* bind) const { ssh_bind_free(bind); }

    void operator()(ssh_message_struct* message) const { ssh_message_free(message); }

    void operator()(ssh_key_struct* key) const { ssh_key_free(key); }
};

using session_handle = std::unique_ptr<ssh_session_struct, ssh_deleter>;
using bind_handle = std::unique_ptr<ssh_bind_struct, ssh_deleter>;
using message_handle = std::unique_ptr<ssh_message_struct, ssh_deleter>;
using key_handle = std::unique_ptr<ssh_key_struct, ssh_deleter>;

} // namespace ferrule::simdevice
