#pragma once

#include <sstream>
#include <string>

#include <cereal/archives/portable_binary.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

namespace lockstep {

/// A value as bytes that any rank can read. T has a cereal `serialize`.
template <class T>
std::string to_bytes(const T& value) {
  std::ostringstream stream;
  cereal::PortableBinaryOutputArchive archive(stream);
  archive(value);
  return stream.str();
}

/// The value that to_bytes() of the same program made these bytes of. They are trusted.
template <class T>
T from_bytes(const std::string& bytes) {
  T value;
  std::istringstream stream(bytes);
  cereal::PortableBinaryInputArchive archive(stream);
  archive(value);
  return value;
}

}  // namespace lockstep
