#include "src/communities/leiden_state.hpp"

#include <iterator>
#include <string>

#include "cluster/archive.hpp"

namespace lockstep {

namespace {

/// What is not an array.
struct Header {
  std::uint32_t pass = 0;
  std::uint32_t level = 0;
  std::uint32_t sub_rounds = 0;
  Effort effort;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(pass, level, sub_rounds, effort.iterations, effort.sub_rounds, effort.moves, effort.held);
  }
};

}  // namespace

void write_state(PieceWriter& piece, const LeidenState& state, bool is_root) {
  if (is_root) {
    const Header header{state.pass, state.level, state.sub_rounds, state.effort};
    piece.stream("header", 0, [&](std::ostream& out) { out << to_bytes(header); });
  }
  piece.rows("order", state.order);
  piece.rows("inside", state.inside);
  piece.rows("start", state.start);
  piece.rows("labels", state.labels);
  piece.rows("active", state.active);
}

LeidenState read_state(const PieceReader& piece) {
  Header header;
  piece.for_all("header", [&](std::istream& in) {
    header = from_bytes<Header>({std::istreambuf_iterator<char>(in), {}});
  });
  return {header.pass,
          header.level,
          header.sub_rounds,
          header.effort,
          piece.rows<std::uint32_t>("order"),
          piece.rows<std::uint32_t>("inside"),
          piece.rows<std::uint32_t>("start"),
          piece.rows<std::uint32_t>("labels"),
          piece.rows<std::uint8_t>("active")};
}

}  // namespace lockstep
