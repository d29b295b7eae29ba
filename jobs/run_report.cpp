#include "jobs/run_report.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include "cluster/agree.hpp"
#include "cluster/progress.hpp"
#include "data/formats/json_text.hpp"

namespace lockstep {

namespace {

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

/// A figure over the ranks.
struct Spread {
  std::uint64_t sum = 0;
  std::uint64_t max = 0;
  double mean = 0;
  double max_over_mean() const { return mean > 0 ? static_cast<double>(max) / mean : 1; }
};

/// Seconds of the slowest rank, bytes of all. Collective.
SavingCost over_ranks(const Comm& comm, const SavingCost& cost) {
  return {static_cast<double>(comm.max(static_cast<std::uint64_t>(cost.seconds * 1e3))) / 1e3,
          comm.sum(cost.bytes)};
}

Spread spread(const Comm& comm, std::uint64_t value) {
  Spread result{comm.sum(value), comm.max(value), 0};
  result.mean = static_cast<double>(result.sum) / comm.size();
  return result;
}

}  // namespace

void RunReport::finish_stage(const std::string& name) {
  const auto now = Clock::now();
  const Traffic total = comm_.traffic();
  stages_.push_back(
      {name,
       std::chrono::duration<double>(now - stage_start_).count(),
       {total.bytes_sent - stage_traffic_.bytes_sent, total.bytes_received - stage_traffic_.bytes_received,
        total.messages_sent - stage_traffic_.messages_sent},
       peak_memory_bytes()});
  stage_start_ = now;
  stage_traffic_ = total;
}

void RunReport::note_balance(const std::string& name, std::uint64_t value) {
  balances_.push_back({name, value});
}
void RunReport::note(const std::string& name, const std::string& value) {
  notes_.emplace_back(name, value);
}

void RunReport::print() const {
  std::string text = fmt::format("\n{:<12} {:>10} {:>12} {:>12} {:>12}\n", "stage", "time", "sent/rank",
                                 "max/mean", "peak/rank");
  for (const auto& stage : stages_) {
    const Spread sent = spread(comm_, stage.traffic.bytes_sent);
    const Spread peak = spread(comm_, stage.peak_bytes);
    text += fmt::format("{:<12} {:>10} {:>11}B {:>12.2f} {:>11}B\n", stage.name,
                        format_duration(stage.seconds, 2), format_amount(sent.mean), sent.max_over_mean(),
                        format_amount(static_cast<double>(peak.max)));
  }
  if (!balances_.empty()) {
    text += fmt::format("{:<25} {:>10} {:>12} {:>12}\n", "balance", "mean/rank", "max/rank", "max/mean");
  }
  for (const auto& balance : balances_) {
    const Spread figure = spread(comm_, balance.value);
    text += fmt::format("{:<25} {:>10} {:>12} {:>12.2f}\n", balance.name, format_amount(figure.mean),
                        format_amount(static_cast<double>(figure.max)), figure.max_over_mean());
  }
  for (const auto& [name, value] : notes_) text += fmt::format("{}: {}\n", name, value);
  const auto [seconds, bytes] = over_ranks(comm_, saving_);
  if (bytes > 0)
    text += fmt::format("checkpoints: {} ({:.1f} %), {}B\n", format_duration(seconds),
                        100 * seconds / seconds_since_start(), format_amount(static_cast<double>(bytes)));
  if (!comm_.is_root()) return;
  fmt::print(stderr, "{}whole run {} on {} rank{}\n", text, format_duration(seconds_since_start()),
             comm_.size(), comm_.size() == 1 ? "" : "s");
}

void RunReport::append_to(const std::filesystem::path& file) const {
  std::string json =
      fmt::format("{{\"finished\":\"{:%Y-%m-%dT%H:%M:%SZ}\",\"ranks\":{},\"seconds\":{:.3f}",
                  fmt::gmtime(std::chrono::system_clock::now()), comm_.size(), seconds_since_start());
  json += ",\"stages\":[";
  for (const auto& stage : stages_) {
    const Spread sent = spread(comm_, stage.traffic.bytes_sent);
    const Spread received = spread(comm_, stage.traffic.bytes_received);
    const Spread messages = spread(comm_, stage.traffic.messages_sent);
    const Spread peak = spread(comm_, stage.peak_bytes);
    json += fmt::format(
        "{}{{\"stage\":\"{}\",\"seconds\":{:.3f},\"bytes_sent\":{},\"max_bytes_sent\":{},"
        "\"max_bytes_received\":{},\"messages\":{},\"max_peak_bytes\":{}}}",
        &stage == stages_.data() ? "" : ",", stage.name, stage.seconds, sent.sum, sent.max, received.max,
        messages.sum, peak.max);
  }
  json += "],\"balance\":{";
  for (const auto& balance : balances_) {
    const Spread figure = spread(comm_, balance.value);
    json += fmt::format("{}\"{}\":{{\"sum\":{},\"max\":{}}}", &balance == balances_.data() ? "" : ",",
                        balance.name, figure.sum, figure.max);
  }
  json += "}";
  const auto [seconds, bytes] = over_ranks(comm_, saving_);
  json += fmt::format(",\"checkpoints\":{{\"seconds\":{:.3f},\"bytes\":{}}}", seconds, bytes);
  for (const auto& [name, value] : notes_) json += fmt::format(",{}:{}", json_text(name), json_text(value));
  attempt(comm_, [&] {
    if (!comm_.is_root()) return;
    std::ofstream out(file, std::ios::app);
    out << json << "}\n";
    out.close();
    if (!out) throw Error(ExitCode::io, fmt::format("{}: {}", file.string(), std::strerror(errno)));
  });
}

}  // namespace lockstep
