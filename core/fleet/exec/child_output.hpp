// What a process prints, as text that can be kept and shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace ferrule::fleet::exec {

/// Turns the bytes of one stream into valid UTF-8, keeps so much of it and says when more came. A character that is cut
/// in two by a read is put together again; bytes that are none become U+FFFD. Sans-I/O.
class child_output {
  public:
    explicit child_output(std::size_t limit);

    /// The part of the kept text that these bytes added, valid until the next call.
    std::string_view take(std::string_view bytes);
    /// Nothing more comes: a character that was begun is broken.
    std::string_view finish();

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    [[nodiscard]] std::string release() noexcept { return std::move(text_); }

    [[nodiscard]] bool truncated() const noexcept { return truncated_; }

  private:
    void keep(std::string_view valid);

    std::size_t limit_;
    std::string text_;
    std::string begun_; ///< The first bytes of a character, at most three.
    bool truncated_ = false;
};

} // namespace ferrule::fleet::exec
