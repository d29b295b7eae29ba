#include "src/log/scan.hpp"

#include <algorithm>
#include <optional>

#include "data/file_digest.hpp"
#include "data/formats/time.hpp"

namespace lockstep {

std::uint64_t ScannedLog::rejected_rows() const {
  std::uint64_t count = 0;
  for (const auto& [where, rejected] : rejects) count += rejected.rows;
  return count;
}

namespace {

/// Which of a reader's fields mean what.
struct FieldPlan {
  std::vector<WantedField> wanted;
  std::size_t account = 0;
  std::size_t time = 1;
  std::vector<std::size_t> channels;
  std::vector<std::optional<std::size_t>> published;  ///< by channel
  std::array<std::optional<std::size_t>, attribute_names.size()> attributes;
};

FieldPlan plan_fields(const Study& study, const Input& input) {
  FieldPlan plan;
  plan.wanted = {{input.account, ""}, {input.time, ""}};
  for (const auto& channel : study.channels) {
    plan.channels.push_back(plan.wanted.size());
    plan.wanted.push_back({channel.object, channel.separator});
  }
  for (const auto& channel : study.channels) {
    auto& field = plan.published.emplace_back();
    if (channel.published.empty()) continue;
    field = plan.wanted.size();
    plan.wanted.push_back({channel.published, ""});
  }
  for (std::size_t a = 0; a < input.attributes.size(); ++a) {
    if (input.attributes[a].from != AttributeSource::From::field) continue;
    plan.attributes[a] = plan.wanted.size();
    plan.wanted.push_back({input.attributes[a].text, ""});
  }
  return plan;
}

bool is_count(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A row that cannot be used: why, and the value that says so.
struct Malformed {
  std::string reason;
  std::string value;
};

class SplitScanner {
 public:
  SplitScanner(const Study& study, const Input& input, ScannedLog& log)
      : study_(study),
        input_(input),
        plan_(plan_fields(study, input)),
        log_(log),
        times_(input.time_format, study.time_unit),
        from_(study.from_ms ? ticks(study.time_unit, *study.from_ms) : INT64_MIN),
        to_(study.to_ms ? ticks(study.time_unit, *study.to_ms) : INT64_MAX),
        published_(study.channels.size()) {}

  const FieldPlan& plan() const { return plan_; }

  std::optional<Malformed> take(const Row& row) {
    const auto accounts = row.values(plan_.account);
    if (accounts.empty()) return Malformed{"no value in '" + input_.account + "'", ""};
    if (accounts.size() > 1) return Malformed{"several values in '" + input_.account + "'", ""};
    const auto times = row.values(plan_.time);
    if (times.empty()) return Malformed{"no value in '" + input_.time + "'", ""};
    const auto time = times_.parse(times[0]);
    if (!time) {
      return Malformed{"'" + input_.time + "' is not a time in the format " + input_.time_format,
                       std::string(times[0])};
    }
    if (*time <= 0) return Malformed{"'" + input_.time + "' is not after 1970-01-01", std::string(times[0])};
    if (*time < from_ || *time >= to_) {  // nothing else of the row counts: it is as if it were not there
      ++log_.rows_outside;
      return std::nullopt;
    }
    if (const auto field = plan_.attributes[static_cast<std::size_t>(Attribute::followers)]) {
      const auto followers = row.values(*field);
      if (!followers.empty() && !is_count(followers[0])) {
        return Malformed{"followers is not a whole number", std::string(followers[0])};
      }
    }
    if (auto malformed = take_published(row)) return malformed;
    take_actions(row, account_index(accounts[0]), *time);
    return std::nullopt;
  }

 private:
  /// Publication times of the row's objects, by channel.
  std::optional<Malformed> take_published(const Row& row) {
    for (std::size_t c = 0; c < plan_.published.size(); ++c) {
      published_[c].reset();
      if (!plan_.published[c]) continue;
      const auto values = row.values(*plan_.published[c]);
      if (values.empty()) continue;
      published_[c] = times_.parse(values[0]);
      if (!published_[c] || *published_[c] <= 0) {
        return Malformed{"'" + study_.channels[c].published +
                             "' is not a time after 1970-01-01 in the format " + input_.time_format,
                         std::string(values[0])};
      }
    }
    return std::nullopt;
  }

  std::uint32_t account_index(std::string_view id) {
    if (input_.account_prefix.empty()) return log_.accounts.index_of(id);
    name_.assign(input_.account_prefix);
    name_.append(id);
    return log_.accounts.index_of(name_);
  }

  void take_actions(const Row& row, std::uint32_t account, std::int64_t time) {
    for (std::size_t c = 0; c < plan_.channels.size(); ++c) {
      const auto objects = row.values(plan_.channels[c]);
      if (objects.empty()) continue;
      if (study_.channels[c].elements == Elements::each) {
        for (const auto object : objects) add_action(c, object, account, time);
      } else {
        name_.clear();
        for (const auto object : objects) {
          // A unit separator cannot be part of a word, so no two sequences make the same text.
          if (!name_.empty()) name_ += '\x1f';
          name_ += object;
        }
        add_action(c, name_, account, time);
      }
    }
    for (std::size_t a = 0; a < plan_.attributes.size(); ++a) {
      if (const auto field = plan_.attributes[a]) {
        const auto values = row.values(*field);
        if (!values.empty()) note(a, account, time, values[0]);
      } else if (input_.attributes[a].from == AttributeSource::From::constant) {
        note(a, account, time, input_.attributes[a].text);
      }
    }
  }

  void add_action(std::size_t channel, std::string_view object, std::uint32_t account, std::int64_t time) {
    auto& objects = log_.objects[channel];
    const std::uint32_t index = objects.index_of(object);
    log_.actions[channel].add({time, index, account});
    log_.digest += mix(log_.accounts.digest(account).low, objects.digest(index).low,
                       static_cast<std::uint64_t>(time), channel);
    log_.first_time = std::min(log_.first_time, time);
    log_.last_time = std::max(log_.last_time, time);
    if (published_[channel]) note_published(channel, index, *published_[channel]);
  }

  void note_published(std::size_t channel, std::uint32_t object, std::int64_t time) {
    auto& published = log_.published[channel];
    if (published.size() <= object) published.resize(object + std::size_t{1}, INT64_MAX);
    published[object] = std::min(published[object], time);
    log_.first_published = std::min(log_.first_published, time);
  }

  /// Keeps the latest value; of values with the same time the greater word, so that row order is no matter.
  void note(std::size_t attribute, std::uint32_t account, std::int64_t time, std::string_view value) {
    auto& values = log_.attributes[attribute];
    if (values.size() <= account) values.resize(account + std::size_t{1});
    auto& known = values[account];
    if (time < known.time) return;
    const bool is_known = known.time != LatestValue::never;
    const std::string_view word = is_known ? log_.words.name(known.word) : std::string_view();
    // Most rows repeat what is known: comparing is cheaper than looking the word up.
    if (is_known && value == word) {
      known.time = time;
    } else if (!is_known || time > known.time || value > word) {
      known = {time, log_.words.index_of(value)};
    }
  }

  const Study& study_;
  const Input& input_;
  FieldPlan plan_;
  ScannedLog& log_;
  TimeParser times_;
  std::int64_t from_;  ///< ticks since 1970: the study's limits
  std::int64_t to_;
  std::string name_;
  std::vector<std::optional<std::int64_t>> published_;  ///< by channel: of the present row's objects
};

void reject(ScannedLog& log, std::uint32_t split, std::uint64_t line, Malformed malformed) {
  auto& rejects = log.rejects[{split, std::move(malformed.reason)}];
  ++rejects.rows;
  if (rejects.first.size() < rejects_kept) rejects.first.push_back({line, std::move(malformed.value)});
}

}  // namespace

void scan_split(const Study& study, const Input& input, const Split& split, std::uint32_t split_number,
                ScannedLog& log, const std::function<void(std::uint64_t)>& bytes_done) {
  constexpr std::uint64_t rows_between_reports = 4096;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  scan_rows(study, input, split, split_number, log, [&](std::uint64_t read) {
    bytes = read;
    if (rows++ % rows_between_reports == 0) bytes_done(bytes);
    return true;
  });
  bytes_done(bytes);
  log.splits.push_back({split_number, digest_of_file(split.path, split.begin, split.end)});
}

void scan_rows(const Study& study, const Input& input, const Split& split, std::uint32_t split_number,
               ScannedLog& log, const std::function<bool(std::uint64_t)>& after_row) {
  SplitScanner scanner(study, input, log);
  const auto reader =
      open_rows(split, input.format, scanner.plan().wanted, input.missing, {input.account, input.time});
  for (Row row; reader->next(row);) {
    ++log.rows;
    auto malformed = row.error.empty() ? scanner.take(row) : Malformed{std::string(row.error), ""};
    if (malformed) reject(log, split_number, row.line, std::move(*malformed));
    if (!after_row(reader->bytes_read())) return;
  }
}

}  // namespace lockstep
