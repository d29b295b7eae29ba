#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <cereal/archives/binary.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <fmt/format.h>

#include "cluster/archive.hpp"
#include "cluster/exchange.hpp"
#include "data/release.hpp"
#include "jobs/coordination.hpp"
#include "src/significance/pair_test.hpp"

namespace lockstep {

inline const Edge& edge_of(const Edge& edge) {
  return edge;
}
inline const Edge& edge_of(const TestedEdge& edge) {
  return edge.edge;
}

/// What is kept of the candidate pairs of a log or of a surrogate.
template <class Row>
struct FoundPairs {
  Ranges accounts;        ///< rows lie on the rank that owns their source
  std::vector<Row> rows;  ///< by (source, target, channel), over all ranks in rank order
};

/// The stage from a sorted log to the pairs that are kept, saved block by block of accounts: at most every
/// `checkpoint_minutes`, and as a whole at its end.
template <class Row>
class PairsStage {
 public:
  PairsStage(RunContext& run, std::uint32_t replica)
      : run_(run),
        replica_(replica),
        stage_(fmt::format("pairs-{}", replica)),
        counts_(channels()),
        fresh_(channels()) {
    for (const Piece& piece : run_.directory->pieces(stage_)) load(piece);
  }

  /// Pairs of `log()`, which is asked for only if any are missing. `keep(edges)` says what is kept of
  /// candidates; it may be collective. Throws AgreedError(stopped). Collective.
  template <class Log, class Keep>
  FoundPairs<Row> find(Log log, Keep keep) {
    FoundPairs<Row> found{even_ranges(run_.catalogue.accounts.size(), run_.comm.size()), {}};
    if (!complete()) {
      const std::size_t rows_before = run_.funnel.size();
      const PrunedLog& pruned = log();
      prune_rows_.assign(run_.funnel.begin() + static_cast<std::ptrdiff_t>(rows_before), run_.funnel.end());
      found.accounts = project(pruned, keep);
      save();
    } else {
      run_.funnel.insert(run_.funnel.end(), prune_rows_.begin(), prune_rows_.end());
    }
    run_.add_to_funnel(counts_.rows(run_.comm, found.accounts), "project", replica_);
    found.rows = loaded_ ? in_order(found.accounts) : std::move(rows_);
    return found;
  }

 private:
  /// What every saved piece says of the stage.
  struct Blocks {
    std::uint64_t all = 0;
    std::vector<FunnelRow> prune_rows;

    template <class Archive>
    void serialize(Archive& archive) {
      archive(all, prune_rows);
    }
  };

  std::size_t channels() const { return run_.study.channels.size(); }
  bool complete() const {
    return all_blocks_ > 0 &&
           static_cast<std::size_t>(std::count(done_.begin(), done_.end(), true)) == all_blocks_;
  }

  template <class Keep>
  Ranges project(const PrunedLog& pruned, Keep keep) {
    ProjectionOptions options;
    options.done = done_;
    options.stretch_seconds = std::min(options.stretch_seconds, run_.directory->checkpoint_seconds());
    options.take = [&](ProjectedBlocks blocks) {
      all_blocks_ = blocks.all_blocks;
      fresh_.add(blocks.edges);
      auto kept = keep(std::move(blocks.edges));
      rows_.insert(rows_.end(), kept.begin(), kept.end());
      unsaved_.insert(unsaved_.end(), blocks.blocks.begin(), blocks.blocks.end());
      const auto due = run_.directory->due();
      if (due != RunDirectory::Due::nothing) save();
      if (due == RunDirectory::Due::stop) run_.directory->stop();
    };
    return project_stage(run_, pruned, replica_, options).accounts;
  }

  void save() {
    if (unsaved_.empty()) return;
    std::sort(unsaved_.begin(), unsaved_.end());
    run_.directory->save(
        stage_, unsaved_,
        [&](PieceWriter& piece) {
          piece.rows("rows", std::span<const Row>(rows_).subspan(saved_rows_));
          piece.stream("counts", 0, [&](std::ostream& out) {
            cereal::BinaryOutputArchive archive(out);
            archive(fresh_, Blocks{all_blocks_, prune_rows_});
          });
        },
        all_blocks_);
    saved_rows_ = rows_.size();
    unsaved_.clear();
    counts_.add(fresh_);
    fresh_ = EdgeCounts(channels());
  }

  void load(const Piece& piece) {
    std::vector<Row> rows;
    EdgeCounts counts(channels());
    Blocks blocks;
    const bool whole = run_.directory->load(piece, [&](const PieceReader& saved) {
      rows = saved.template rows<Row>("rows");
      // A file of every rank that wrote: one rank reads them for all.
      if (!run_.comm.is_root()) return;
      saved.for_all("counts", [&](std::istream& in) {
        cereal::BinaryInputArchive archive(in);
        EdgeCounts of_rank(channels());
        archive(of_rank, blocks);
        counts.add(of_rank);
      });
    });
    if (!whole) return;
    blocks = from_bytes<Blocks>(run_.comm.broadcast(to_bytes(blocks)));
    loaded_ = true;
    all_blocks_ = blocks.all;
    prune_rows_ = std::move(blocks.prune_rows);
    done_.resize(std::max<std::size_t>(done_.size(), all_blocks_), false);
    for (const std::uint32_t block : piece.units) done_[block] = true;
    rows_.insert(rows_.end(), rows.begin(), rows.end());
    saved_rows_ = rows_.size();
    counts_.add(counts);
  }

  std::vector<Row> in_order(const Ranges& accounts) {
    auto rows =
        send_to(run_.comm, rows_, [&](const Row& row) { return accounts.owner(edge_of(row).source); }).rows;
    release(rows_);
    std::sort(rows.begin(), rows.end(), [](const Row& x, const Row& y) {
      const Edge& a = edge_of(x);
      const Edge& b = edge_of(y);
      return std::tie(a.source, a.target, a.channel) < std::tie(b.source, b.target, b.channel);
    });
    return rows;
  }

  RunContext& run_;
  std::uint32_t replica_;
  std::string stage_;
  bool loaded_ = false;
  std::size_t all_blocks_ = 0;
  std::vector<bool> done_;              ///< by block: saved by an earlier attempt
  std::vector<std::uint32_t> unsaved_;  ///< blocks
  std::vector<Row> rows_;
  std::size_t saved_rows_ = 0;  ///< of rows_, the first ones
  EdgeCounts counts_;           ///< of all that is saved
  EdgeCounts fresh_;            ///< of what is not
  std::vector<FunnelRow> prune_rows_;
};

}  // namespace lockstep
