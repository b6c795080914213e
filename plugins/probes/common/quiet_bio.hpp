// SPDX-License-Identifier: Apache-2.0
// A way for OpenSSL to use a socket without raising SIGPIPE when the peer has gone.
#pragma once

#include <openssl/bio.h>

namespace ferrule::probes {

/// A BIO over a non-blocking socket that it does not own; nullptr when there is no memory. Its own BIO_s_socket uses
/// write(), which ends a process that does not ignore SIGPIPE.
BIO* make_quiet_bio(int fd);

} // namespace ferrule::probes
