#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <glob.h>

#include "data/error.hpp"
#include "data/study/study_file.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

/// `folder` as a glob that matches only itself.
std::string escape_glob(const std::string& folder) {
  std::string escaped;
  for (const char c : folder) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// Called by glob(3) for a folder that it cannot read: only one that is not there may be passed over,
/// others could hide files of the study.
int stop_at_unreadable(const char* /*folder*/, int problem) {
  return problem != ENOENT && problem != ENOTDIR ? 1 : 0;
}

std::vector<fs::path> match(const std::string& pattern) {
  glob_t found{};
  const int outcome = glob(pattern.c_str(), GLOB_NOSORT, stop_at_unreadable, &found);
  const std::unique_ptr<glob_t, decltype(&globfree)> owner(&found, globfree);
  if (outcome != 0 && outcome != GLOB_NOMATCH) {
    throw Error(ExitCode::io, fmt::format("[[input]] 'files': \"{}\": {}", pattern,
                                          outcome == GLOB_NOSPACE ? "not enough memory for the file names"
                                                                  : "a folder on the way cannot be read"));
  }
  return {found.gl_pathv, found.gl_pathv + found.gl_pathc};
}

bool is_regular(const fs::path& path) {
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  if (status.type() == fs::file_type::none) {
    throw Error(ExitCode::io, fmt::format("[[input]] 'files': {}: cannot be looked at: {}", path.string(),
                                          problem.message()));
  }
  return fs::is_regular_file(status);
}

/// A glob of a study in `folder` as an absolute one.
std::string absolute_glob(const fs::path& folder, const std::string& glob_text) {
  return glob_text.starts_with('/') ? glob_text : escape_glob(folder.string()) + "/" + glob_text;
}

}  // namespace

Study with_absolute_files(Study study) {
  std::error_code problem;
  const fs::path folder = fs::canonical(fs::current_path() / study.folder, problem);
  if (problem) throw Error(ExitCode::io, fmt::format("{}: {}", study.folder.string(), problem.message()));
  for (Input& input : study.inputs) {
    for (std::string& glob_text : input.files) glob_text = absolute_glob(folder, glob_text);
  }
  return study;
}

std::vector<fs::path> input_files(const Study& study, const Input& input) {
  const fs::path folder = fs::current_path() / study.folder;
  std::vector<fs::path> files;
  for (const std::string& glob_text : input.files) {
    const bool is_absolute = glob_text.starts_with('/');
    std::vector<fs::path> matches = match(absolute_glob(folder, glob_text));
    std::erase_if(matches, [](const fs::path& path) { return !is_regular(path); });
    if (matches.empty()) {
      throw Error(
          ExitCode::usage,
          fmt::format("[[input]] 'files': \"{}\" matches no file{}; expected the name of a file, or a "
                      "glob with *, ? or [...]",
                      glob_text, is_absolute ? "" : " in " + folder.string()));
    }
    // The folder only: a link's own name tells its compression.
    for (const fs::path& path : matches) files.push_back(fs::canonical(path.parent_path()) / path.filename());
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace lockstep
