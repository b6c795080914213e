// SPDX-License-Identifier: Apache-2.0
#include "http/body.hpp"

namespace ferrule::probes::http {

void body::begin(packing how) {
    unpacker_ = how == packing::none ? nullptr : unpacker::make(how);
    size_ = 0;
    text_.clear();
    problem_.clear();
    ended_ = false;
    any_ = false;
}

bool body::put(std::string_view piece) {
    any_ = any_ || !piece.empty();
    return unpacker_ == nullptr ? take(piece) : unpack(piece);
}

bool body::finish() {
    if (unpacker_ != nullptr && any_ && !ended_) {
        problem_ = "the compressed body ends too early";
        return false;
    }
    return true;
}

bool body::take(std::string_view plain) {
    size_ += plain.size();
    if (too_large()) {
        problem_ = "the body is larger than " + std::to_string(limit_) + " bytes (body_size_limit)";
        return false;
    }
    if (keep_) {
        text_.append(plain);
    }
    return true;
}

bool body::unpack(std::string_view piece) {
    constexpr std::size_t most = 16384;
    while (true) {
        room_.clear();
        const auto before = piece.size();
        const auto how = unpacker_->step(piece, room_, most);
        if (how == unpacker::status::broken) {
            problem_ = "the body is not compressed as its Content-Encoding says";
            return false;
        }
        if (!take(room_)) {
            return false;
        }
        ended_ = how == unpacker::status::ended;
        if (room_.empty() && piece.size() == before) {
            return true; // wants more, or what follows the end is nobody's
        }
    }
}

} // namespace ferrule::probes::http
