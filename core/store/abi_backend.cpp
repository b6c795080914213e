#include "store/backend.hpp"

#include <ferrule/abi/store.h>

#include <algorithm>
#include <exception>

#include "plugins/error_slot.hpp"
#include "plugins/store.hpp"

namespace ferrule::store {

namespace {

frl_str borrowed(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

std::string owned(frl_str text) {
    return text.len == 0 ? std::string() : std::string(text.ptr, text.len);
}

/// What a row callback collects; exceptions must not pass through the plugin, so they wait here.
struct row_collector {
    std::vector<row> rows;
    std::exception_ptr failed;

    static std::int32_t add(void* self, const frl_record* found) noexcept {
        auto& into = *static_cast<row_collector*>(self);
        try {
            into.rows.push_back(row{owned(found->key), owned(found->value), found->expires_at_ms});
            return 0;
        } catch (...) {
            into.failed = std::current_exception();
            return 1;
        }
    }
};

class abi_backend final : public backend {
  public:
    explicit abi_backend(std::shared_ptr<plugins::store> over)
        : over_(std::move(over))
        , api_(over_->api())
        , handle_(over_->handle()) {}

    result<void> put_batch(std::span<const record> records, std::span<std::uint8_t> left_out) override {
        translate(records);
        plugins::error_slot failed;
        const auto status = api_.put_batch(handle_, pointers_.data(), static_cast<std::uint32_t>(records.size()),
                                           left_out.data(), failed);
        if (status != FRL_OK)
            return failed.take(over_->name(), "put_batch", status);
        return ok();
    }

    [[nodiscard]] bool tries() const noexcept override { return api_.try_put_batch != nullptr; }

    std::optional<result<void>> try_put(std::span<const record> records, std::span<std::uint8_t> left_out) override {
        translate(records);
        plugins::error_slot failed;
        const auto status = api_.try_put_batch(handle_, pointers_.data(), static_cast<std::uint32_t>(records.size()),
                                               left_out.data(), failed);
        std::optional<result<void>> outcome;
        if (status == FRL_OK)
            outcome.emplace(ok());
        else if (status != FRL_WOULD_WAIT)
            outcome.emplace(failed.take(over_->name(), "try_put_batch", status));
        return outcome;
    }

    result<std::optional<row>> get(std::string_view collection, std::string_view key) override {
        row_collector found;
        plugins::error_slot failed;
        const auto status = api_.get(handle_, borrowed(collection), borrowed(key), &row_collector::add, &found, failed);
        if (status != FRL_OK)
            return failed.take(over_->name(), "get", status);
        if (found.failed)
            std::rethrow_exception(found.failed);
        std::optional<row> one;
        if (!found.rows.empty())
            one = std::move(found.rows.front());
        return one;
    }

    result<std::vector<row>> scan(const query& wanted) override {
        std::vector<frl_kv> filters;
        filters.reserve(wanted.filters.size());
        for (const auto& [attribute, value] : wanted.filters)
            filters.push_back({borrowed(attribute), borrowed(value)});
        frl_scan asked{};
        asked.struct_size = sizeof(asked);
        asked.reverse = wanted.reverse ? 1 : 0;
        asked.collection = borrowed(wanted.collection);
        asked.from = borrowed(wanted.from);
        asked.to = borrowed(wanted.to);
        asked.limit = wanted.limit;
        asked.filter_count = static_cast<std::uint32_t>(filters.size());
        asked.filters = filters.data();
        row_collector found;
        plugins::error_slot failed;
        const auto status = api_.scan(handle_, &asked, &row_collector::add, &found, failed);
        if (status != FRL_OK)
            return failed.take(over_->name(), "scan", status);
        if (found.failed)
            std::rethrow_exception(found.failed);
        return std::move(found.rows);
    }

    result<void> flush() override {
        plugins::error_slot failed;
        const auto status = api_.flush(handle_, failed);
        if (status != FRL_OK)
            return failed.take(over_->name(), "flush", status);
        return ok();
    }

    result<std::uint32_t> maintain(std::int64_t now_ms, std::uint32_t limit) override {
        std::uint32_t removed = 0;
        plugins::error_slot failed;
        const auto status = api_.maintain(handle_, now_ms, limit, &removed, failed);
        if (status != FRL_OK)
            return failed.take(over_->name(), "maintain", status);
        return removed;
    }

  private:
    // The tables keep their memory from one batch to the next. Filled only once their sizes are final, since they point
    // into each other.
    void translate(std::span<const record> records) {
        std::size_t attributes = 0;
        for (const auto& each : records)
            attributes += each.attributes.size();
        raws_.resize(records.size());
        pointers_.resize(records.size());
        attributes_.resize(attributes);
        auto* next = attributes_.data();
        for (std::size_t i = 0; i < records.size(); ++i) {
            const auto& from = records[i];
            auto& to = raws_[i];
            to = frl_record{};
            to.struct_size = sizeof(to);
            to.flags = (from.remove ? FRL_RECORD_DELETE : 0) | (from.insert_only ? FRL_RECORD_INSERT : 0);
            to.collection = borrowed(from.collection);
            to.key = borrowed(from.key);
            to.value = borrowed(from.value);
            to.expires_at_ms = from.expires_at_ms;
            to.attributes = next;
            to.attribute_count = static_cast<std::uint32_t>(from.attributes.size());
            next = std::transform(from.attributes.begin(), from.attributes.end(), next, borrowed);
            pointers_[i] = &to;
        }
    }

    std::shared_ptr<plugins::store> over_;
    const frl_store_api& api_;
    void* handle_;
    std::vector<frl_record> raws_;
    std::vector<const frl_record*> pointers_;
    std::vector<frl_str> attributes_;
};

} // namespace

std::unique_ptr<backend> make_backend(std::shared_ptr<plugins::store> over) {
    return std::make_unique<abi_backend>(std::move(over));
}

} // namespace ferrule::store
