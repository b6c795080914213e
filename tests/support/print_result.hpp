// Lets a test show an error or a result when an assertion about it fails. To be included before the first assertion.
#pragma once

#include <catch2/catch.hpp>

#include "base/error.hpp"

namespace Catch {

template <>
struct StringMaker<ferrule::base::error> {
    static std::string convert(const ferrule::base::error& shown) {
        return "error " + shown.code() + ": " + shown.message();
    }
};

template <class T>
struct StringMaker<boost::system::result<T, ferrule::base::error>> {
    static std::string convert(const boost::system::result<T, ferrule::base::error>& shown) {
        return shown ? std::string("a value") : StringMaker<ferrule::base::error>::convert(shown.error());
    }
};

} // namespace Catch
