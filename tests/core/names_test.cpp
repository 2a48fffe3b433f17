#include <minibert/core/names.hpp>

#include <doctest/doctest.h>

namespace {

enum class Colour { red, green, blue, unnamed };
constexpr std::pair<Colour, std::string_view> kColours[] = {
    {Colour::red, "red"}, {Colour::green, "green"}, {Colour::blue, "blue"}};

TEST_CASE("names go both ways, and one that is none is refused with those there are") {
  for (const Colour colour : {Colour::red, Colour::green, Colour::blue})
    CHECK((minibert::core::value_in(kColours, minibert::core::name_in(kColours, colour), "colour") == colour));
  CHECK(minibert::core::name_in(kColours, Colour::unnamed).empty());
  CHECK_THROWS_WITH_AS(minibert::core::value_in(kColours, "pink", "colour"),
                       "colour is \"pink\", expected red, green or blue", minibert::ValueError);
}

}  // namespace
