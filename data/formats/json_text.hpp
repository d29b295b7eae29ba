#pragma once

#include <string>
#include <string_view>

namespace lockstep {

/// A text as a JSON string with its quotes.
std::string json_text(std::string_view text);

}  // namespace lockstep
