#include "data/formats/rows.hpp"

#include "data/formats/delimited_rows.hpp"
#include "data/formats/header.hpp"
#include "data/formats/json_rows.hpp"

namespace lockstep {

std::unique_ptr<RowReader> open_rows(const Split& split, Format format, std::vector<WantedField> wanted,
                                     std::vector<std::string> missing,
                                     const std::vector<std::string>& required) {
  if (format == Format::jsonl) {
    return std::make_unique<JsonRows>(split, wanted, std::move(missing));
  }
  const Header header = find_header(split.path, format);
  auto columns = resolve_columns(split.path, header, wanted, required);
  return std::make_unique<DelimitedRows>(split, format, header, std::move(columns), std::move(wanted),
                                         std::move(missing));
}

}  // namespace lockstep
