#include "src/log/scan_archive.hpp"

#include <cereal/archives/binary.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>

namespace lockstep {

template <class Archive>
void serialize(Archive& archive, Rejects::Example& example) {
  archive(example.line, example.value);
}
template <class Archive>
void serialize(Archive& archive, Rejects& rejects) {
  archive(rejects.rows, rejects.first);
}
template <class Archive>
void serialize(Archive& archive, LatestValue& value) {
  archive(value.time, value.word);
}
template <class Archive>
void serialize(Archive& archive, ReadSplit& split) {
  archive(split.number, split.digest);
}

namespace {

using Writer = cereal::BinaryOutputArchive;
using Reader = cereal::BinaryInputArchive;

void write_names(Writer& archive, const NameTable& names) {
  archive(std::uint64_t{names.size()});
  std::string name;
  for (std::size_t i = 0; i < names.size(); ++i) archive(name = names.name(i));
}

void read_names(Reader& archive, NameTable& names) {
  std::uint64_t count = 0;
  archive(count);
  std::string name;
  for (; count > 0; --count) {
    archive(name);
    names.index_of(name);
  }
}

void write_actions(Writer& archive, const RawActions& actions) {
  archive(std::uint64_t{actions.pieces().size()});
  for (const auto& piece : actions.pieces()) {
    archive(std::uint64_t{piece.size()});
    archive.saveBinary(piece.data(), static_cast<std::streamsize>(piece.size() * sizeof(RawAction)));
  }
}

void read_actions(Reader& archive, RawActions& actions) {
  std::uint64_t pieces = 0;
  archive(pieces);
  for (; pieces > 0; --pieces) {
    std::uint64_t size = 0;
    archive(size);
    auto& piece = actions.pieces().emplace_back(size);
    archive.loadBinary(piece.data(), static_cast<std::streamsize>(size * sizeof(RawAction)));
  }
}

/// All that cereal knows how to write, in one order for both ways.
template <class Archive, class Log>
void plain_members(Archive& archive, Log& log) {
  archive(log.published, log.first_published, log.rows, log.rows_outside, log.rejects, log.digest,
          log.first_time, log.last_time, log.splits);
  for (auto& values : log.attributes) archive(values);
}

}  // namespace

void write_scanned(std::ostream& out, const ScannedLog& log) {
  Writer archive(out);
  archive(std::uint64_t{log.objects.size()});
  write_names(archive, log.accounts);
  for (const auto& names : log.objects) write_names(archive, names);
  for (const auto& actions : log.actions) write_actions(archive, actions);
  write_names(archive, log.words);
  plain_members(archive, log);
}

ScannedLog read_scanned(std::istream& in) {
  Reader archive(in);
  std::uint64_t channels = 0;
  archive(channels);
  ScannedLog log(channels);
  read_names(archive, log.accounts);
  for (auto& names : log.objects) read_names(archive, names);
  for (auto& actions : log.actions) read_actions(archive, actions);
  read_names(archive, log.words);
  plain_members(archive, log);
  return log;
}

}  // namespace lockstep
