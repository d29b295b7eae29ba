#include "src/communities/edge_list.hpp"

#include <map>
#include <string>

#include "cluster/exchange.hpp"
#include "tests/ranks/agreed_error.hpp"
#include "tests/ranks/shared_folder.hpp"

namespace lockstep::test {
namespace {

/// The graph by names: weights of its arcs, and of loops (twice) under (name, name). The same on every rank.
using Weights = std::map<std::pair<std::string, std::string>, std::uint64_t>;

Weights weights_by_name(const NamedGraph& named) {
  const Graph whole = gather_graph(world(), named.graph);
  std::vector<std::uint64_t> ids;
  for (std::uint32_t v = 0; v < whole.own; ++v) ids.push_back(v);
  const auto names = named.names.names(world(), ids);
  Weights weights;
  for (std::uint32_t v = 0; v < whole.own; ++v) {
    EXPECT_EQ(whole.mass[v], 1U);
    if (whole.inner[v] > 0) weights[{names[v], names[v]}] = whole.inner[v];
    for (std::uint64_t a = whole.first[v]; a < whole.first[v + 1]; ++a) {
      weights[{names[v], names[whole.target[a]]}] += whole.weight[a];
    }
  }
  return weights;
}

TEST(EdgeList, WholeWeightsStayAsTheyAre) {
  const SharedFolder folder;
  folder.write("edges.tsv", "# a comment\na\tb\t3\nb\ta\nb\tc\tfriend\n\nc\tc\t2\r\nd\te\t0\n");
  const NamedGraph named = read_edge_list(world(), folder.path() / "edges.tsv");
  EXPECT_EQ(named.weight_one, 1U);
  EXPECT_EQ(weights_by_name(named),
            (Weights{{{"a", "b"}, 4}, {{"b", "a"}, 4}, {{"b", "c"}, 1}, {{"c", "b"}, 1}, {{"c", "c"}, 4}}));
}

TEST(EdgeList, OtherWeightsAreInFixedPoint) {
  const SharedFolder folder;
  folder.write("edges.tsv", "a\tb\t0.5\nb\tc\t2");
  const NamedGraph named = read_edge_list(world(), folder.path() / "edges.tsv");
  EXPECT_EQ(named.weight_one, 1U << 20);
  EXPECT_EQ(
      weights_by_name(named),
      (Weights{
          {{"a", "b"}, 1U << 19}, {{"b", "a"}, 1U << 19}, {{"b", "c"}, 2U << 20}, {{"c", "b"}, 2U << 20}}));
}

TEST(EdgeList, NamesTheRowThatCannotBeUsed) {
  const SharedFolder folder;
  for (const std::string row : {"lonely", "a\tb\t-1", "a\tb\tnan", "a\tb\t2e12"}) {
    folder.write("edges.tsv", "a\tb\n" + row + "\n");
    const std::string message =
        agreed_error(ExitCode::bad_data, [&] { read_edge_list(world(), folder.path() / "edges.tsv"); });
    EXPECT_NE(message.find("edges.tsv:2:"), std::string::npos) << message;
  }
  agreed_error(ExitCode::io, [&] { read_edge_list(world(), folder.path() / "nothing.tsv"); });
}

TEST(EdgeList, NamesTheLineOfABadRowFarIntoTheFile) {
  const SharedFolder folder;
  constexpr std::size_t rows = 1'500'000;  // more bytes than are read at a time
  std::string text;
  for (std::size_t row = 0; row < rows; ++row) text += "a\tb\n";
  folder.write("graph.tsv", text + "lonely\n");
  const std::string message =
      agreed_error(ExitCode::bad_data, [&] { read_edge_list(world(), folder.path() / "graph.tsv"); });
  EXPECT_NE(message.find("graph.tsv:" + std::to_string(rows + 1) + ":"), std::string::npos) << message;
}

TEST(EdgeList, ReadsMatrixMarket) {
  const SharedFolder folder;
  const auto read = [&](const std::string& text) {
    folder.write("graph.mtx", text);
    return read_edge_list(world(), folder.path() / "graph.mtx");
  };
  const NamedGraph general =
      read("%%MatrixMarket matrix coordinate integer general\n% any\n5 5 4\n1 2 3\n2 1 4\n 3  2 1\n3 3 2\n");
  EXPECT_EQ(general.graph.size(), 5U);  // 4 and 5 have no entries
  const Weights expected{{{"1", "2"}, 7}, {{"2", "1"}, 7}, {{"2", "3"}, 1}, {{"3", "2"}, 1}, {{"3", "3"}, 4}};
  EXPECT_EQ(weights_by_name(general), expected);
  const Weights edge{{{"1", "2"}, 1}, {{"2", "1"}, 1}};
  EXPECT_EQ(weights_by_name(read("%%MatrixMarket matrix coordinate pattern symmetric\n2 2 1\n2 1\n")), edge);
  EXPECT_EQ(read("%%MatrixMarket matrix coordinate real general\n2 2 1\n2 1 0.25\n").weight_one, 1U << 20);
  for (const std::string text :
       {"1 2\n", "%%MatrixMarket matrix coordinate complex general\n2 2 1\n1 2 1 1\n",
        "%%MatrixMarket matrix array real general\n2 2\n1\n",
        "%%MatrixMarket matrix coordinate pattern general\n2 3 1\n1 2\n"}) {
    agreed_error(ExitCode::bad_data, [&] { read(text); });
  }
}

TEST(EdgeList, RefusesNumbersThatADoubleCannotHold) {
  // "A third field that is not a number counts as no weight": these are numbers.
  const SharedFolder folder;
  folder.write("huge.tsv", "a\tb\t1e999\n");
  agreed_error(ExitCode::bad_data, [&] { read_edge_list(world(), folder.path() / "huge.tsv"); });
  folder.write("tiny.tsv", "a\tb\t1e-999\nb\tc\t1\n");
  EXPECT_EQ(weights_by_name(read_edge_list(world(), folder.path() / "tiny.tsv")).count({"a", "b"}), 0U);
}

TEST(EdgeList, RefusesWeightsThatCouldOverflow) {
  const SharedFolder folder;
  std::string rows;
  for (int i = 0; i < 3; ++i) rows += "a\tb\t1e12\n";  // · 2^20 · 2 each, with the fraction below
  folder.write("edges.tsv", rows + "a\tb\t0.5\n");
  agreed_error(ExitCode::bad_data, [&] { read_edge_list(world(), folder.path() / "edges.tsv"); });
  folder.write("edges.tsv", rows);
  EXPECT_NO_THROW(read_edge_list(world(), folder.path() / "edges.tsv"));
}

}  // namespace
}  // namespace lockstep::test
