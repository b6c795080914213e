#include "http_load/report.hpp"

#include <cstdio>

#include "samples.hpp"

namespace ferrule::bench {

void report::answered(double milliseconds, int status, bool expected, std::string_view whole) {
    latencies_.push_back(milliseconds);
    ++statuses_[status];
    if (expected)
        return;
    if (unexpected_++ == 0)
        first_unexpected_ = whole.substr(0, 1000);
}

void report::clear() {
    latencies_.clear();
    statuses_.clear();
}

void report::print(double seconds, std::size_t all) {
    const auto count = latencies_.size();
    std::printf(R"({"requests":%zu,"all":%zu,"seconds":%.3f,"per_second":%.1f,"unexpected":%zu,)", count, all, seconds,
                static_cast<double>(count) / seconds, unexpected_);
    std::printf(R"("p50_ms":%.4f,"p90_ms":%.4f,"p99_ms":%.4f,"max_ms":%.4f,"statuses":{)", quantile(latencies_, 0.5),
                quantile(latencies_, 0.9), quantile(latencies_, 0.99), quantile(latencies_, 1));
    const char* between = "";
    for (const auto& [status, times] : statuses_) {
        std::printf(R"(%s"%d":%zu)", between, status, times);
        between = ",";
    }
    std::printf("}}\n");
    if (unexpected_ > 0)
        std::fprintf(stderr, "http_load: %zu answers were not as expected, the first:\n%s\n", unexpected_,
                     first_unexpected_.c_str());
}

} // namespace ferrule::bench
