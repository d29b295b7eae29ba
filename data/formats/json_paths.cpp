#include "data/formats/json_paths.hpp"

#include <algorithm>

namespace lockstep {

namespace {

std::string unescaped(std::string_view segment) {
  std::string key;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const bool escape = segment[i] == '~' && i + 1 < segment.size();
    if (escape && segment[i + 1] == '0') {
      key += '~';
      ++i;
    } else if (escape && segment[i + 1] == '1') {
      key += '/';
      ++i;
    } else {
      key += segment[i];
    }
  }
  return key;
}

std::vector<std::string> segments(std::string_view name) {
  if (!name.starts_with('/')) return {std::string(name)};
  std::vector<std::string> keys;
  while (!name.empty()) {
    name.remove_prefix(1);
    const std::size_t length = std::min(name.find('/'), name.size());
    keys.push_back(unescaped(name.substr(0, length)));
    name.remove_prefix(length);
  }
  return keys;
}

}  // namespace

JsonPath json_paths(const std::vector<WantedField>& wanted) {
  JsonPath root;
  for (std::size_t field = 0; field < wanted.size(); ++field) {
    JsonPath* path = &root;
    for (auto& key : segments(wanted[field].name)) {
      auto child = std::ranges::find(path->children, key, &JsonPath::key);
      if (child == path->children.end()) {
        child = path->children.insert(child, JsonPath{key, path->name + '/' + key, {}, {}});
      }
      path = &*child;
    }
    path->fields.push_back(field);
    path->name = wanted[field].name;
  }
  return root;
}

const JsonPath* find_child(const JsonPath& path, std::string_view key) {
  for (const auto& child : path.children) {
    if (child.key == key) return &child;
  }
  return nullptr;
}

}  // namespace lockstep
