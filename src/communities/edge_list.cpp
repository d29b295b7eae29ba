#include "src/communities/edge_list.hpp"

#include <charconv>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/exchange.hpp"
#include "data/formats/raw_rows.hpp"
#include "data/name_table.hpp"

namespace lockstep {

namespace {

constexpr int fraction_bits = 20;
constexpr std::uint64_t split_bytes = std::uint64_t{64} << 20;

struct ReadEdges {
  NameTable names;
  std::vector<Arc> edges;  ///< ends are numbers in `names`; weights in units of 2^−20
  bool all_whole = true;
};

/// The fields of a row between tabs; false where there are fewer than two.
bool split_row(std::string_view row, std::string_view& u, std::string_view& v, std::string_view& weight) {
  const auto cut = [&](std::string_view& field) {
    const std::size_t tab = row.find('\t');
    field = row.substr(0, tab);
    row = tab == std::string_view::npos ? std::string_view() : row.substr(tab + 1);
  };
  cut(u);
  cut(v);
  cut(weight);
  return !u.empty() && !v.empty();
}

/// Weight in units of 2^−20; 1.0 where there is none. Negative where it cannot be.
double parse_weight(std::string_view text) {
  double weight = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return 1;
  if (error == std::errc::result_out_of_range) return std::strtod(std::string(text).c_str(), nullptr);
  return weight;
}

void read_split(const Split& split, ReadEdges& read) {
  RawRows rows(split, Format::tsv);
  RawRow raw;
  while (rows.next(raw)) {
    std::string_view row = raw.text;
    while (!row.empty() && (row.back() == '\n' || row.back() == '\r')) row.remove_suffix(1);
    if (row.empty() || row.front() == '#') continue;
    std::string_view u;
    std::string_view v;
    std::string_view text;
    const bool has_ends = split_row(row, u, v, text);
    const double weight = parse_weight(text);
    if (!has_ends || !(weight >= 0) || weight >= 0x1p40) {
      throw Error(
          ExitCode::bad_data,
          fmt::format("{}:{}: expected \"u<TAB>v\" or \"u<TAB>v<TAB>weight\" with a weight from 0 to 2^40",
                      split.path, raw.line));
    }
    const double scaled = std::ldexp(weight, fraction_bits);
    read.all_whole = read.all_whole && weight == std::floor(weight);
    if (scaled < 0.5) continue;
    const std::uint32_t source = read.names.index_of(u);
    read.edges.push_back({source, read.names.index_of(v), static_cast<std::uint64_t>(std::llround(scaled))});
  }
}

ReadEdges read_own_splits(const Comm& comm, const std::string& file) {
  ReadEdges read;
  const auto splits = plan_splits(file, split_bytes);
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (static_cast<int>(i % static_cast<std::size_t>(comm.size())) == comm.rank())
      read_split(splits[i], read);
  }
  return read;
}

}  // namespace

NamedGraph read_edge_list(const Comm& comm, const std::string& file) {
  auto read = attempt(comm, [&] { return read_own_splits(comm, file); });
  std::vector<Dictionary::Entry> entries;
  for (std::size_t i = 0; i < read.names.size(); ++i) {
    entries.push_back({0, read.names.digest(i), read.names.name(i)});
  }
  auto [names, ids] = Dictionary::build(comm, 1, entries);
  NamedGraph named;
  const bool whole = !comm.any(!read.all_whole);
  named.weight_one = whole ? 1 : std::uint64_t{1} << fraction_bits;
  named.rows = comm.sum(read.edges.size());

  Ranges vertices{{0}};
  for (const std::uint64_t count : comm.gather_all_values<std::uint64_t>(names.local_size())) {
    vertices.first.push_back(vertices.first.back() + count);
  }
  double total = 0;
  std::vector<Arc> arcs;
  std::vector<Arc> loops;
  for (auto& [source, target, weight] : read.edges) {
    const std::uint64_t scaled = whole ? weight >> fraction_bits : weight;
    total += 2 * static_cast<double>(scaled);
    const auto u = static_cast<std::uint32_t>(ids[source]);
    const auto v = static_cast<std::uint32_t>(ids[target]);
    if (u == v) {
      loops.push_back({u, v, 2 * scaled});
    } else {
      arcs.push_back({u, v, scaled});
      arcs.push_back({v, u, scaled});
    }
  }
  read.edges = {};
  const auto totals = comm.gather_all_values(total);
  if (std::accumulate(totals.begin(), totals.end(), 0.0) >= 0x1p62) {
    throw AgreedError(ExitCode::bad_data, file + ": the weights add up to 2^61 or more: scale them down");
  }
  const auto begin = vertices.begin(comm.rank());
  std::vector<std::uint64_t> inner(vertices.size(comm.rank()), 0);
  const auto own_loops = send_to(comm, loops, [&](const Arc& arc) { return vertices.owner(arc.source); });
  for (const Arc& loop : own_loops.rows) inner[loop.source - begin] += loop.weight;
  std::vector<std::uint64_t> mass(inner.size(), 1);
  named.graph = make_graph(comm, vertices, std::move(arcs), std::move(mass), std::move(inner));
  named.names = std::move(names);
  return named;
}

}  // namespace lockstep
