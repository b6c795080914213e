// The language in which settings are declared.
#pragma once

#include <functional>
#include <utility>

#include "config/schema/codec.hpp"

namespace ferrule::config::schema {

/// Declares the properties of the struct S, in the order in which they are documented. A default is what a fresh S has.
template <class S>
class builder {
  public:
    /// `get` is a pointer to member, or a function that returns a reference into an S.
    template <class Get>
    builder& add(std::string name, Get get, std::string text, facets rules = {}) {
        using value = std::remove_cvref_t<std::invoke_result_t<Get, S&>>;
        property made;
        made.name = std::move(name);
        made.text = std::move(text);
        made.rules = rules;
        codec<value>::describe(made);
        made.default_value = codec<value>::show(std::invoke(get, defaults_));
        made.read = [get](reader& in, const yaml::node& from, const property& how, void* into) {
            codec<value>::read(in, from, how, std::invoke(get, *static_cast<S*>(into)));
        };
        built_.properties.push_back(std::move(made));
        return *this;
    }

    /// An object whose keys belong to a plugin, kept as JSON text in a std::string that is empty when it is not given.
    template <class Get>
    builder& add_free(std::string name, Get get, std::string text) {
        property made;
        made.name = std::move(name);
        made.text = std::move(text);
        made.type = kind::free_object;
        made.read = [get](reader& in, const yaml::node& from, const property& how, void* into) {
            json_text read;
            if (read_free(in, from, how, read))
                std::invoke(get, *static_cast<S*>(into)) = std::move(read.text);
        };
        built_.properties.push_back(std::move(made));
        return *this;
    }

    [[nodiscard]] shape build() { return std::move(built_); }

  private:
    S defaults_{};
    shape built_;
};

} // namespace ferrule::config::schema
