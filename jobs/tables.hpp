#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cluster/hdf5_writer.hpp"
#include "jobs/coordination.hpp"

namespace lockstep {

/// Writes the tables of a result file: one column at a time, made from rows by a function. Collective.
class TableWriter {
 public:
  TableWriter(const RunContext& run, const std::filesystem::path& file)
      : run_(run), writer_(run.comm, file, [&run](const std::string& message) {
          if (run.directory != nullptr) run.directory->end_alone(message);
        }) {}

  template <class Value, class Rows, class Get>
  void column(const std::string& path, const std::string& unit, const std::string& description,
              const Rows& rows, Get get) {
    std::vector<Value> values;
    values.reserve(rows.size());
    for (const auto& row : rows) values.push_back(get(row));
    writer_.column({path, unit, description}, values);
  }
  template <class Rows, class Get>
  void texts(const std::string& path, const std::string& description, const Rows& rows, Get get) {
    std::vector<std::string> values;
    for (const auto& row : rows) values.push_back(get(row));
    writer_.text_column({path, "", description}, std::move(values));
  }
  void attribute(const std::string& name, const std::string& text) { writer_.attribute(name, text); }
  void close() { writer_.close(); }

  /// Rows that every rank has are written once.
  template <class Row>
  std::vector<Row> at_root(const std::vector<Row>& rows) const {
    return run_.comm.is_root() ? rows : std::vector<Row>{};
  }
  std::int64_t time(std::uint32_t since_epoch) const { return run_.catalogue.epoch + since_epoch; }
  std::string lag_unit() const { return run_.study.time_unit == TimeUnit::second ? "s" : "ms"; }
  std::string time_unit() const { return lag_unit() + " since 1970-01-01 UTC"; }

 private:
  const RunContext& run_;
  Hdf5Writer writer_;
};

/// The unit of plain numbers.
inline constexpr const char* number = "1";

}  // namespace lockstep
