// SPDX-License-Identifier: Apache-2.0
// The body of an answer: unpacked, counted, and kept where somebody will look at it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ferrule::probes::http {

/// How the bytes of a body are packed.
enum class packing : std::uint8_t { none, gzip, deflate, brotli };

/// Undoes a packing step by step; seldom needed, so made only then.
class unpacker {
  public:
    enum class status : std::uint8_t { more, ended, broken };

    virtual ~unpacker() = default;
    /// Takes from the front of `from` and appends at most `most` bytes to `into`. Goes on while it makes progress.
    virtual status step(std::string_view& from, std::string& into, std::size_t most) = 0;

    static std::unique_ptr<unpacker> make(packing which);
};

/// Takes the body piece by piece. What is more than `limit` bytes unpacked is refused, so that a small answer cannot
/// fill the memory.
class body {
  public:
    body(std::size_t limit, bool keep)
        : limit_(limit)
        , keep_(keep) {}

    /// Begins the body of an answer that is packed in this way.
    void begin(packing how);

    /// False when it cannot be taken; `problem` says why.
    bool put(std::string_view piece);
    /// The same for the end of the body.
    bool finish();

    /// Bytes, unpacked.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Empty unless kept.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    [[nodiscard]] bool too_large() const noexcept { return size_ > limit_; }

    /// The end of a sentence that begins with the peer.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  private:
    bool take(std::string_view plain);
    bool unpack(std::string_view piece);

    std::size_t limit_;
    std::size_t size_ = 0;
    std::string text_;
    std::string room_;
    std::string problem_;
    std::unique_ptr<unpacker> unpacker_;
    bool ended_ = false;
    bool any_ = false;
    bool keep_;
};

} // namespace ferrule::probes::http
