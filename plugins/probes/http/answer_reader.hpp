// SPDX-License-Identifier: Apache-2.0
// Reading an answer, in whichever version of HTTP it comes. No sockets and no clock.
#pragma once

#include "http/answer_head.hpp"
#include "http/body.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace ferrule::probes::http {

/// Takes bytes as they come. Interim answers (100 to 199) are passed over.
class answer_reader {
  public:
    using body_begins = std::function<void(const response_head&)>;

    /// `begin` is called once, when the head is there and a body follows: it prepares what the body goes to.
    answer_reader(body& into, body_begins begin)
        : into_(&into)
        , begin_(std::move(begin)) {}

    answer_reader(const answer_reader&) = delete;
    answer_reader& operator=(const answer_reader&) = delete;
    virtual ~answer_reader() = default;

    /// False when the answer is not right; `problem` says why.
    virtual bool put(std::string_view bytes) = 0;
    /// The same for the end of the connection.
    virtual bool end() = 0;

    /// What is to be sent before more is read; empty for nothing.
    virtual std::string output() { return {}; }

    /// Something of the answer is there.
    [[nodiscard]] bool begun() const noexcept { return begun_; }

    [[nodiscard]] bool has_head() const noexcept { return has_head_; }

    [[nodiscard]] bool done() const noexcept { return done_; }

    [[nodiscard]] const response_head& head() const noexcept { return head_; }

    /// A sentence without its beginning, which names the peer.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  protected:
    bool fail(std::string why) {
        problem_ = std::move(why);
        return false;
    }

    /// The head is whole.
    void begin_body() {
        has_head_ = true;
        begin_(head_);
    }

    bool put_body(std::string_view piece) { return into_->put(piece) || fail(into_->problem() + "."); }

    /// The answer is whole.
    bool finish() {
        has_head_ = true;
        done_ = true;
        return into_->finish() || fail(into_->problem() + ".");
    }

    response_head head_;
    bool begun_ = false;

  private:
    body* into_;
    body_begins begin_;
    std::string problem_;
    bool has_head_ = false;
    bool done_ = false;
};

} // namespace ferrule::probes::http
