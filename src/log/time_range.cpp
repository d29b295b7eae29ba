#include "src/log/time_range.hpp"

#include <algorithm>

#include "cluster/agree.hpp"
#include "cluster/progress.hpp"
#include "data/formats/time.hpp"
#include "src/log/ingest.hpp"
#include "src/log/splits.hpp"

namespace lockstep {

namespace {

void widen(TimeRange& range, const Study& study, const Input& input, const Split& split) {
  const std::int64_t from = study.from_ms ? ticks(study.time_unit, *study.from_ms) : INT64_MIN;
  const std::int64_t to = study.to_ms ? ticks(study.time_unit, *study.to_ms) : INT64_MAX;
  const TimeParser times(input.time_format, study.time_unit);
  const auto rows = open_rows(split, input.format, {{input.time, ""}}, input.missing, {input.time});
  for (Row row; rows->next(row);) {
    if (!row.error.empty() || row.values(0).empty()) continue;
    const auto time = times.parse(row.values(0).front());
    if (!time || *time <= 0 || *time < from || *time >= to) continue;
    range.first = std::min(range.first, *time);
    range.last = std::max(range.last, *time);
  }
}

}  // namespace

TimeRange find_time_range(const Comm& comm, const Study& study) {
  const auto splits = plan_reading(comm, study, default_split_bytes);
  Progress progress(comm, "read times", "B", 0);
  TimeRange range = attempt(comm, [&] {
    TimeRange own;
    for (const auto& planned : splits) {
      if (planned.rank != comm.rank()) continue;
      widen(own, study, study.inputs[planned.input], planned.split);
      progress.advance(planned.split.end - planned.split.begin);
    }
    return own;
  });
  progress.finish();
  return {comm.min(range.first), comm.max(range.last)};
}

}  // namespace lockstep
