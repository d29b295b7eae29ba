#include "src/communities/edge_list.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "cluster/agree.hpp"
#include "cluster/exchange.hpp"
#include "data/formats/raw_rows.hpp"
#include "data/name_table.hpp"
#include "data/release.hpp"
#include "data/wide.hpp"

namespace lockstep {

namespace {

constexpr int fraction_bits = 20;
constexpr std::uint64_t split_bytes = std::uint64_t{4} << 20;  // dealt in turn: small ones come out even

struct ReadEdges {
  NameTable names;
  std::vector<Arc> edges;  ///< ends are numbers in `names`; weights in units of 2^−20
  bool all_whole = true;
};

/// Cuts the next field off a row. Fields of edge lists stand between tabs, those of matrices between blanks.
std::string_view cut_field(std::string_view& row, bool matrix) {
  if (matrix) row.remove_prefix(std::min(row.find_first_not_of(" \t"), row.size()));
  const std::size_t end = std::min(matrix ? row.find_first_of(" \t") : row.find('\t'), row.size());
  const std::string_view field = row.substr(0, end);
  row.remove_prefix(std::min(end + 1, row.size()));
  return field;
}

/// Weight as a number; 1 where there is none.
double parse_weight(std::string_view text) {
  double weight = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return 1;
  if (error == std::errc::result_out_of_range) return std::strtod(std::string(text).c_str(), nullptr);
  return weight;
}

std::string_view without_line_end(std::string_view row) {
  while (!row.empty() && (row.back() == '\n' || row.back() == '\r')) row.remove_suffix(1);
  return row;
}

/// What stands above the entries of a Matrix Market file.
struct MatrixHeader {
  std::uint64_t line = 0;  ///< of the sizes; 0 in an edge list, which has no header
  std::uint64_t vertices = 0;
};

bool is_matrix(const std::string& file) {
  const std::string_view name(file);
  return name.ends_with(".mtx") || name.ends_with(".mtx.gz") || name.ends_with(".mtx.zst");
}

MatrixHeader read_header(const std::string& file, const Split& first) {
  RawRows rows(first, Format::tsv);
  RawRow raw;
  std::string kind;
  while (rows.next(raw)) {
    std::string_view row = without_line_end(raw.text);
    if (raw.line == 1) kind = row;
    std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto has = [&](const char* word) { return kind.find(word) != std::string::npos; };
    if (!kind.starts_with("%%matrixmarket matrix coordinate ") ||
        !(has(" pattern ") || has(" real ") || has(" integer ")) ||
        !(kind.ends_with(" general") || kind.ends_with(" symmetric"))) {
      throw Error(ExitCode::bad_data,
                  file +
                      ":1: expected \"%%MatrixMarket matrix coordinate\", then pattern, real or integer, "
                      "then general or symmetric");
    }
    if (row.empty() || row.front() == '%') continue;
    std::uint64_t sizes[2] = {0, 0};
    for (std::uint64_t& size : sizes) {
      const auto field = cut_field(row, true);
      std::from_chars(field.data(), field.data() + field.size(), size);
    }
    if (sizes[0] == 0 || sizes[0] != sizes[1]) {
      throw Error(ExitCode::bad_data, fmt::format("{}:{}: expected a square matrix", file, raw.line));
    }
    return {raw.line, sizes[0]};
  }
  throw Error(ExitCode::bad_data, file + ": no line with the size of the matrix");
}

/// Newlines in the file before a split.
std::uint64_t lines_before(const Split& split) {
  return split.begin == 0 ? 0 : survey({split.path, 0, split.begin}, Format::tsv).lines;
}

/// Rows whose ends have no numbers yet: names are looked up many at a time.
struct Rows {
  TextPool ends;                       ///< two for each row
  std::vector<std::uint64_t> weights;  ///< in units of 2^−20
};

void take_rows(Rows& rows, ReadEdges& read) {
  const auto ends = read.names.indices_of(rows.ends);
  for (std::size_t i = 0; i < rows.weights.size(); ++i) {
    if (rows.weights[i] > 0) read.edges.push_back({ends[2 * i], ends[2 * i + 1], rows.weights[i]});
  }
  rows.ends.clear();
  rows.weights.clear();
}

void read_split(const Split& split, const MatrixHeader& header, ReadEdges& read) {
  constexpr std::size_t rows_at_once = 1024;
  const bool matrix = header.line > 0;
  const char comment = matrix ? '%' : '#';
  RawRows raw_rows(split, Format::tsv);
  RawRow raw;
  Rows rows;
  while (raw_rows.next(raw)) {
    std::string_view row = without_line_end(raw.text);
    // Only the first split knows its lines from the file's start.
    if (row.empty() || row.front() == comment || (split.begin == 0 && raw.line <= header.line)) continue;
    const auto u = cut_field(row, matrix);
    const auto v = cut_field(row, matrix);
    const double weight = parse_weight(cut_field(row, matrix));
    if (u.empty() || v.empty() || !(weight >= 0) || weight >= 0x1p40) {
      throw Error(ExitCode::bad_data, fmt::format("{}:{}: expected {} with a weight from 0 to 2^40",
                                                  split.path, raw.line + lines_before(split),
                                                  matrix ? "\"row column\" or \"row column weight\""
                                                         : "\"u<TAB>v\" or \"u<TAB>v<TAB>weight\""));
    }
    rows.ends.add(u);
    rows.ends.add(v);
    rows.weights.push_back(static_cast<std::uint64_t>(std::llround(std::ldexp(weight, fraction_bits))));
    read.all_whole = read.all_whole && weight == std::floor(weight);
    if (rows.weights.size() == rows_at_once) take_rows(rows, read);
  }
  take_rows(rows, read);
}

ReadEdges read_own_splits(const Comm& comm, const std::string& file) {
  ReadEdges read;
  const auto splits = plan_splits(file, split_bytes);
  const auto rank = static_cast<std::uint64_t>(comm.rank());
  const auto ranks = static_cast<std::uint64_t>(comm.size());
  const MatrixHeader header = is_matrix(file) ? read_header(file, splits.front()) : MatrixHeader{};
  for (std::size_t i = rank; i < splits.size(); i += ranks) read_split(splits[i], header, read);
  for (std::uint64_t v = 1 + rank; v <= header.vertices; v += ranks)
    read.names.index_of(fmt::format("{}", v));
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
  release(entries);
  read.names = {};
  NamedGraph named;
  const bool whole = !comm.any(!read.all_whole);
  named.weight_one = whole ? 1 : std::uint64_t{1} << fraction_bits;
  named.rows = comm.sum(read.edges.size());

  Ranges vertices{{0}};
  for (const std::uint64_t count : comm.gather_all_values<std::uint64_t>(names.local_size())) {
    vertices.first.push_back(vertices.first.back() + count);
  }
  if (vertices.total() > UINT32_MAX) {
    throw AgreedError(ExitCode::internal,
                      fmt::format("{}: {} vertices; the limit is 2^32 - 1", file, vertices.total()));
  }
  Wide total = 0;
  std::vector<Arc> arcs;
  arcs.reserve(2 * read.edges.size());
  std::vector<Arc> loops;
  for (auto& [source, target, weight] : read.edges) {
    const std::uint64_t scaled = whole ? weight >> fraction_bits : weight;
    total += Wide{2} * scaled;
    const auto u = static_cast<std::uint32_t>(ids[source]);
    const auto v = static_cast<std::uint32_t>(ids[target]);
    if (u == v) {
      loops.push_back({u, v, 2 * scaled});
    } else {
      arcs.push_back({u, v, scaled});
      arcs.push_back({v, u, scaled});
    }
  }
  release(read.edges);
  const auto totals = comm.gather_all_values(total);
  const Wide sum = std::accumulate(totals.begin(), totals.end(), Wide{0});
  if (sum >> 62 != 0) {
    throw AgreedError(
        ExitCode::bad_data,
        fmt::format("{}: the weights of all edges, counted from both ends, add up to {} in units "
                    "of 1/{}; the limit is 2^62 = {}: scale them down",
                    file, sum, named.weight_one, std::uint64_t{1} << 62));
  }
  const auto begin = vertices.begin(comm.rank());
  const std::uint64_t own = vertices.size(comm.rank());
  Numbers inner(own, 0);
  const auto own_loops = send_to(comm, loops, [&](const Arc& arc) { return vertices.owner(arc.source); });
  for (const Arc& loop : own_loops.rows) inner.add(loop.source - begin, loop.weight);
  named.graph = make_graph(comm, vertices, std::move(arcs), Numbers(own, 1), std::move(inner));
  named.names = std::move(names);
  return named;
}

}  // namespace lockstep
