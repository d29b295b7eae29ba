#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/formats/rows.hpp"

namespace lockstep {

/// A step on the way to wanted values: all wanted names form one tree, so a row is walked once.
struct JsonPath {
  std::string key;                  ///< of an object, index of an array, or "*": every element of an array
  std::string name;                 ///< the whole pointer up to here, for messages
  std::vector<std::size_t> fields;  ///< the wanted fields whose values are found here
  std::vector<JsonPath> children;
};

/// The tree of the wanted names: a name that begins with '/' is a JSON pointer (RFC 6901), in which a segment
/// '*' means every element of an array; any other name is a key of the row's object.
JsonPath json_paths(const std::vector<WantedField>& wanted);

/// The child with this key, or null.
const JsonPath* find_child(const JsonPath& path, std::string_view key);

}  // namespace lockstep
