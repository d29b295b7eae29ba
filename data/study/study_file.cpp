#include "data/study/study_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "data/error.hpp"
#include "data/study/study_keys.hpp"
#include "data/study/study_reader.hpp"

namespace lockstep {
namespace {

using namespace study_reader;

/// Prints the keys of one table, as study_keys::describe() names them.
struct TableWriter {
  std::string& text;

  template <class T, class Kind>
  void required(std::string_view key, const T& value, const Kind& kind) {
    const std::string printed = kind.print(value);
    if (!printed.empty()) text += fmt::format("{} = {}\n", key, printed);
  }
  template <class T, class Kind>
  void optional(std::string_view key, const T& value, const Kind& kind) {
    required(key, value, kind);
  }
  template <class T, class Kind, class Guess>
  void derived(std::string_view key, const T& value, const Kind& kind, const Guess& /*guess*/) {
    required(key, value, kind);
  }
};

/// Prints the tables of a study, as study_keys::describe_tables() names them.
struct StudyWriter {
  std::string text;

  template <class Part>
  void one(std::string_view name, const Part& part, const Study& study) {
    table(fmt::format("[{}]", name), part, study);
  }
  template <class Part>
  void many(std::string_view name, const std::vector<Part>& parts, std::size_t /*most*/, const Study& study) {
    for (const Part& part : parts) table(fmt::format("[[{}]]", name), part, study);
  }
  template <class Part>
  void table(const std::string& header, const Part& part, const Study& study) {
    text += (text.empty() ? "" : "\n") + header + "\n";
    TableWriter keys{text};
    study_keys::describe(keys, part, study);
  }
};

/// Sorts what the user may list in any order.
void make_canonical(Study& study) {
  const auto text_of = [&study](const Input& input) {
    StudyWriter writer;
    writer.table("", input, study);
    return writer.text;
  };
  for (Input& input : study.inputs) {
    std::sort(input.files.begin(), input.files.end());
    input.files.erase(std::unique(input.files.begin(), input.files.end()), input.files.end());
  }
  std::stable_sort(study.inputs.begin(), study.inputs.end(),
                   [&](const Input& a, const Input& b) { return text_of(a) < text_of(b); });
}

toml::table parse_toml(std::string_view text, const std::string& file) {
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& problem) {
    const auto begin = problem.source().begin;
    refuse(place_of(file, problem.source()), fmt::format("column {}", begin.column),
           fmt::format("not TOML: {}; see https://toml.io", problem.description()));
  }
}

/// Throws Error(usage) when two channels have the same name.
void check_channel_names(const toml::table& root, const Study& study, const std::string& file) {
  std::map<std::string_view, std::uint32_t> lines;
  for (std::size_t i = 0; i < study.channels.size(); ++i) {
    const toml::node* node = root["channel"][i]["name"].node();
    const auto [first, is_new] = lines.emplace(study.channels[i].name, node->source().begin.line);
    if (is_new) continue;
    refuse(place_of(file, node->source()), "[[channel]] 'name'",
           fmt::format("found {}, which line {} uses; expected a name of its own for every channel",
                       study_values::found(*node), first->second));
  }
}

/// Throws Error(usage) when no time is left between [study] 'from' and 'to'.
void check_times(const toml::table& root, const Study& study, const std::string& file) {
  if (!study.from_ms || !study.to_ms || *study.from_ms < *study.to_ms) return;
  const toml::node& node = *root["study"]["to"].node();
  refuse(
      place_of(file, node.source()), "[study] 'to'",
      fmt::format("found {}, not after 'from'; expected a later time: rows from 'from' up to, not at, 'to' "
                  "are used",
                  study_values::found(node)));
}

}  // namespace

std::optional<Format> study_keys::format_of(const std::vector<std::string>& files) {
  const std::map<std::string, Format> formats = {
      {".csv", Format::csv}, {".tsv", Format::tsv}, {".jsonl", Format::jsonl}, {".ndjson", Format::jsonl}};
  std::optional<Format> common;
  for (std::filesystem::path file : files) {
    if (file.extension() == ".gz" || file.extension() == ".zst") file = file.stem();
    const auto known = formats.find(file.extension().string());
    if (known == formats.end() || (common && *common != known->second)) return std::nullopt;
    common = known->second;
  }
  return common;
}

Study parse_study(std::string_view text, const std::filesystem::path& file) {
  const toml::table root = parse_toml(text, file.string());
  Study study;
  study.folder = (std::filesystem::current_path() / file).parent_path();
  TableNames tables;
  study_keys::describe_tables(tables, study);
  refuse_unknown_keys(file.string(), root, "", tables.names, "table");
  StudyReader reader(root, file.string());
  study_keys::describe_tables(reader, study);
  check_times(root, study, file.string());
  check_channel_names(root, study, file.string());
  make_canonical(study);
  return study;
}

Study read_study(const std::filesystem::path& file) {
  const auto fail = [&file](const std::string& why) {
    throw Error(ExitCode::usage, fmt::format("{}: cannot read the study file: {}", file.string(), why));
  };
  std::error_code ignored;  // opening the file tells the reason
  if (std::filesystem::is_directory(file, ignored)) fail("it is a folder; give the TOML file in it");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) fail(std::strerror(errno));
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (stream.bad()) fail("reading failed");
  return parse_study(text, file);
}

std::string effective_study(const Study& study) {
  Study canonical = study;
  make_canonical(canonical);
  StudyWriter writer;
  study_keys::describe_tables(writer, std::as_const(canonical));
  return writer.text;
}

}  // namespace lockstep
