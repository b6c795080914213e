// A network of one cable, the far end of which is in the test's hands: what the probe sends is read from it, and what
// the test writes to it arrives. So loss, order and errors are exact, and no clock has a say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ferrule::tests {

/// A packet as it came out of the cable; the names below are those of an echo request.
struct request {
    int version = 4;
    std::vector<std::uint8_t> packet; ///< From the IP header on.
    std::size_t header = 20;          ///< Bytes before the header of ICMP or UDP.

    [[nodiscard]] int hop_limit() const { return packet[version == 4 ? 8 : 7]; }

    [[nodiscard]] int tos() const { return version == 4 ? packet[1] : ((packet[0] & 15) << 4 | packet[1] >> 4); }

    [[nodiscard]] bool dont_fragment() const { return version == 4 && (packet[6] & 0x40) != 0; }

    [[nodiscard]] std::size_t payload() const { return packet.size() - header - 8; }

    [[nodiscard]] int sequence() const { return packet[header + 6] << 8 | packet[header + 7]; }
};

/// Puts the thread into a network namespace of its own with the loopback up. `can_play` tells where that cannot be.
class network {
  public:
    /// `groups` is written to net.ipv4.ping_group_range.
    explicit network(const std::string& groups = "0 2147483647");
    network(const network&) = delete;
    network& operator=(const network&) = delete;
    ~network();

    static constexpr const char* here4 = "192.0.2.1";
    static constexpr const char* there4 = "192.0.2.66";
    static constexpr const char* router4 = "192.0.2.254";
    static constexpr const char* here6 = "2001:db8::1";
    static constexpr const char* there6 = "2001:db8::66";
    static constexpr const char* router6 = "2001:db8::fe";

    /// False where no namespace or no cable can be made.
    [[nodiscard]] bool usable() const { return cable_ >= 0; }

    [[nodiscard]] const std::string& why_not() const { return why_not_; }

    /// The next echo request on the cable; none when there is none.
    std::optional<request> next();
    /// The next UDP datagram to this port.
    std::optional<request> next_datagram(std::uint16_t port);
    /// All that are there.
    std::vector<request> all();

    /// The target answers.
    void answer(const request& to, int hop_limit = 61);

    /// The same with other bytes: `change` is applied to the reply from its IP header on, before its checksums.
    template <class Change>
    void answer_changed(const request& to, Change change) {
        auto packet = reply_to(to, 61);
        change(packet);
        write(std::move(packet), to.version, to.header);
    }

    /// A router says why it did not deliver it, quoting so many bytes of it behind its IP header.
    void refuse(const request& what, int type, int code, std::uint32_t rest = 0, std::size_t quoted = 64);

  private:
    std::optional<request> read_one();
    static std::vector<std::uint8_t> reply_to(const request& to, int hop_limit);
    /// Returns once it has arrived.
    void write(std::vector<std::uint8_t> packet, int version, std::size_t header);
    void await_arrival() const;
    bool set_up(const std::string& groups);

    int cable_ = -1;
    int marker_ = -1; ///< Receives what is sent behind a packet.
    std::uint16_t marker_port_ = 0;
    std::string why_not_;
};

/// True where the test can run. Where it cannot it fails, or is skipped, see not_run.
bool can_play(const network& on);

} // namespace ferrule::tests
