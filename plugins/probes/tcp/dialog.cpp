// SPDX-License-Identifier: Apache-2.0
#include "tcp/dialog.hpp"

#include <algorithm>

namespace ferrule::probes::tcp {

namespace {

constexpr std::size_t shown = 120;

} // namespace

find_status received::find(const step& what, bool ended, captures& caught) {
    const auto how =
        what.whole_stream ? find_anywhere(*what.expect, ended, caught) : find_line(*what.expect, ended, caught);
    return how == find_status::need_more && room() == 0 ? find_status::too_much : how;
}

find_status received::find_line(const regex& wanted, bool ended, captures& caught) {
    while (true) {
        const auto newline = buffer_.find('\n', scanned_);
        if (newline == std::string::npos && (!ended || buffer_.empty())) {
            scanned_ = buffer_.size();
            return ended ? find_status::ended : find_status::need_more;
        }
        auto line = buffer_.substr(0, newline);
        const auto size = newline == std::string::npos ? buffer_.size() : newline + 1;
        buffer_.erase(0, size);
        scanned_ = 0;
        if (line.ends_with('\r')) {
            line.pop_back();
        }
        const auto how = wanted.search(line, &caught);
        if (how == match_status::yes) {
            return find_status::found;
        }
        passed_ += size;
        last_ = std::move(line);
        if (how == match_status::costly) {
            return find_status::too_much;
        }
    }
}

find_status received::find_anywhere(const regex& wanted, bool ended, captures& caught) {
    switch (wanted.search(buffer_, &caught)) {
    case match_status::yes:
        buffer_.erase(0, caught.end);
        scanned_ = 0;
        return find_status::found;
    case match_status::costly:
        return find_status::too_much;
    default:
        return ended ? find_status::ended : find_status::need_more;
    }
}

std::string received::last_line() const {
    const auto& text = last_.empty() ? buffer_ : last_;
    return text.size() <= shown ? text : text.substr(0, shown) + "…";
}

} // namespace ferrule::probes::tcp
