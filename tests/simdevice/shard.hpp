// One thread of the simulator with its share of the connections.
#pragma once

#include "simdevice/connection.hpp"

#include <memory>
#include <unordered_map>

namespace ferrule::simdevice {

/// Connections live and die on the shard's reactor thread; all functions except `loop` belong there.
class shard final : public connection_owner {
  public:
    reactor& loop() { return loop_; }

    void adopt(device& target, int fd);
    void over(connection& which) override;

    void drop_all(const device* target, bool reset, const std::string& why); ///< null: of every device
    void set_frozen(const device& target, bool frozen);

  private:
    std::vector<connection*> of(const device* target) const;

    reactor loop_;
    std::unordered_map<connection*, std::unique_ptr<connection>> connections_;
};

/// A device's listening socket; hands what it accepts to the shards in turn.
class listener final : public watcher {
  public:
    /// Listens at once; the reactor watches from `open` on. Throws std::system_error that names the device.
    listener(device& target, reactor& loop, std::vector<std::unique_ptr<shard>>& shards);
    ~listener() override;

    void open();  ///< on the reactor's thread; listens again on the same port
    void close(); ///< on the reactor's thread
    void on_ready(std::uint32_t events) override;

  private:
    void listen();

    device& device_;
    reactor& loop_;
    std::vector<std::unique_ptr<shard>>& shards_;
    std::size_t next_ = 0;
    int fd_ = -1;
};

} // namespace ferrule::simdevice
