// Whether anybody still waits for an answer.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace ferrule::http {

namespace asio = boost::asio;

/// Keeps a handler from waiting long for nobody. It belongs to the connection of the request; on its executor.
class presence {
  public:
    /// Runs `waiting` until it ends, and cancels it when the client hangs up or the server begins to stop. Either way
    /// the handler goes on and answers with what there is by then; whether anybody reads it is not its business. Not
    /// run at all when the server stops already. Costs a read on the connection, so it is for long waits only. An
    /// exception of `waiting` comes out here unless it was cancelled.
    virtual asio::awaitable<void> while_there(asio::awaitable<void> waiting) = 0;

  protected:
    ~presence() = default;
};

} // namespace ferrule::http
