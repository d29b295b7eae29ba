#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "data/formats/json_paths.hpp"
#include "data/formats/raw_rows.hpp"
#include "data/formats/rows.hpp"

namespace lockstep {

/// Reads files of one JSON object per line. Of a row only the structure, the text encoding and the wanted
/// values are checked; what is not wanted is passed over. A key that occurs twice gives the values of both.
class JsonRows final : public RowReader {
 public:
  JsonRows(const Split& split, const std::vector<WantedField>& wanted, std::vector<std::string> missing);
  bool next(Row& row) override;
  std::uint64_t bytes_read() const override { return raw_rows_.bytes_read(); }

 private:
  using Value = simdjson::ondemand::value;

  bool parse(const RawRow& raw);
  bool take(Value value, const JsonPath& path);
  bool take_object(simdjson::ondemand::object object, const JsonPath& path);
  bool take_array(simdjson::ondemand::array array, const JsonPath& path);
  bool take_element(Value element, const JsonPath& array_path, const JsonPath* element_path);
  bool take_scalar(Value value, simdjson::ondemand::json_type type, const JsonPath& path);
  bool scalar_text(Value value, simdjson::ondemand::json_type type, const JsonPath& path,
                   std::string_view& text);
  void add_value(const JsonPath& path, std::string_view text);
  bool fail(std::string reason);
  bool fail(simdjson::error_code code, const JsonPath& path);

  RawRows raw_rows_;
  JsonPath paths_;
  std::vector<std::string> missing_;
  simdjson::ondemand::parser parser_;
  std::vector<std::vector<std::string_view>> values_;  // of each field
  std::string error_;
};

}  // namespace lockstep
