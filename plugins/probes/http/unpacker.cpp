// SPDX-License-Identifier: Apache-2.0
#include "http/body.hpp"

#include <brotli/decode.h>
#include <zlib.h>

#include <algorithm>

namespace ferrule::probes::http {

namespace {

constexpr std::size_t piece_most = 1u << 20;

/// gzip with any number of members, and deflate with or without zlib's frame: servers send both under that name.
class zlib_unpacker final : public unpacker {
  public:
    explicit zlib_unpacker(bool gzip)
        : gzip_(gzip) {}

    zlib_unpacker(const zlib_unpacker&) = delete;
    zlib_unpacker& operator=(const zlib_unpacker&) = delete;

    ~zlib_unpacker() override {
        if (begun_) {
            inflateEnd(&state_);
        }
    }

    status step(std::string_view& from, std::string& into, std::size_t most) override {
        if (!begun_ && (from.empty() || !begin(from.front()))) {
            return from.empty() ? status::more : status::broken;
        }
        if (ended_) {
            padded_ = padded_ || !gzip_ || (!from.empty() && from.front() != '\x1f');
            if (padded_ || from.empty()) {
                return status::ended;
            }
            inflateReset(&state_); // another member
            ended_ = false;
        }
        const auto size = std::min(from.size(), piece_most);
        into.resize(most);
        state_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from.data()));
        state_.avail_in = static_cast<uInt>(size);
        state_.next_out = reinterpret_cast<Bytef*>(into.data());
        state_.avail_out = static_cast<uInt>(most);
        const int how = inflate(&state_, Z_NO_FLUSH);
        from.remove_prefix(size - state_.avail_in);
        into.resize(most - state_.avail_out);
        if (how == Z_STREAM_END) {
            ended_ = true;
            return status::ended;
        }
        return how == Z_OK || how == Z_BUF_ERROR ? status::more : status::broken;
    }

  private:
    bool begin(char first) {
        const bool zlib = (static_cast<unsigned char>(first) & 0x0f) == Z_DEFLATED && !gzip_;
        begun_ = inflateInit2(&state_, gzip_ ? MAX_WBITS + 16 : zlib ? MAX_WBITS : -MAX_WBITS) == Z_OK;
        return begun_;
    }

    z_stream state_{};
    bool gzip_;
    bool begun_ = false;
    bool ended_ = false;
    bool padded_ = false; ///< Something else follows, in which nothing begins any more.
};

class brotli_unpacker final : public unpacker {
  public:
    status step(std::string_view& from, std::string& into, std::size_t most) override {
        if (BrotliDecoderIsFinished(state_.get()) != BROTLI_FALSE) {
            return status::ended;
        }
        into.resize(most);
        auto left = from.size();
        auto room = most;
        const auto* in = reinterpret_cast<const std::uint8_t*>(from.data());
        auto* out = reinterpret_cast<std::uint8_t*>(into.data());
        const auto how = BrotliDecoderDecompressStream(state_.get(), &left, &in, &room, &out, nullptr);
        from.remove_prefix(from.size() - left);
        into.resize(most - room);
        return how == BROTLI_DECODER_RESULT_SUCCESS ? status::ended
               : how == BROTLI_DECODER_RESULT_ERROR ? status::broken
                                                    : status::more;
    }

  private:
    struct state_free {
        void operator()(BrotliDecoderState* state) const noexcept { BrotliDecoderDestroyInstance(state); }
    };

    std::unique_ptr<BrotliDecoderState, state_free> state_{BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)};
};

} // namespace

std::unique_ptr<unpacker> unpacker::make(packing which) {
    if (which == packing::brotli) {
        return std::make_unique<brotli_unpacker>();
    }
    return std::make_unique<zlib_unpacker>(which == packing::gzip);
}

} // namespace ferrule::probes::http
