#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/study/study.hpp"

namespace lockstep {

/// Reads a study file (TOML).
/// Throws Error(usage) that names the file, line and key and says how to mend it: for syntax errors,
/// unknown keys (with the nearest known key), wrong types, impossible or missing values.
/// The study is canonical: file globs are sorted and unique within an input, inputs are sorted by their text,
/// so two files that differ only in the order of their inputs are the same study.
Study read_study(const std::filesystem::path& file);

/// The same from text; `file` is the name used in messages and gives the folder of relative globs.
Study parse_study(std::string_view text, const std::filesystem::path& file);

/// The effective study as a TOML text that parses to an equal study: every option with its value.
/// Canonical as read_study says, also for a study that was put together otherwise; then the order in which
/// the user listed files does not show. `folder` is not part of it.
std::string effective_study(const Study& study);

/// The files that the globs of `input` name, absolute, sorted, without repeats; only regular files.
/// Folders are resolved, file names are kept: a link's own name tells its compression.
/// Throws Error(usage) when a glob matches no file, Error(io) when a folder or file cannot be looked at.
std::vector<std::filesystem::path> input_files(const Study& study, const Input& input);

/// The study with globs that name the same files wherever its study file lies: absolute ones.
/// Throws Error(io) when its folder cannot be looked at.
Study with_absolute_files(Study study);

}  // namespace lockstep
