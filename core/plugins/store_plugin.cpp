#include "plugins/store_plugin.hpp"

#include "plugins/instance.hpp"

#include <utility>

namespace ferrule::plugins {

namespace {

class instance_store final : public store {
  public:
    explicit instance_store(std::shared_ptr<instance> of)
        : instance_(std::move(of)) {}

    instance_store(const instance_store&) = delete;
    instance_store& operator=(const instance_store&) = delete;

    ~instance_store() override { instance_->destroy_here(); }

    [[nodiscard]] const std::string& name() const noexcept override { return instance_->what().name; }

    [[nodiscard]] const frl_store_api& api() const noexcept override {
        return std::get<frl_store_api>(instance_->what().api);
    }

    [[nodiscard]] void* handle() const noexcept override { return instance_->raw(); }

  private:
    const std::shared_ptr<instance> instance_;
};

} // namespace

result<std::shared_ptr<store>> open_store(const std::shared_ptr<environment>& around, loader& brings,
                                          const std::filesystem::path& file, const std::string& name,
                                          const std::string& config) {
    const auto loaded = brings.load(file);
    if (!loaded)
        return loaded.error();
    const auto* what = loaded->build->find(kind::store, name);
    if (what == nullptr)
        return error("plugin_broken", file.string() + ": it has no store '" + name + "' any more");
    auto made = instance::make(around, loaded->build, *what);
    if (auto created = made->create_here(config); !created) {
        made->drop();
        return created.error();
    }
    std::shared_ptr<store> out = std::make_shared<instance_store>(std::move(made));
    return out;
}

} // namespace ferrule::plugins
