#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/study/study.hpp"

namespace lockstep {

/// Reads a study file (TOML).
/// Throws Error(usage) that names the file, line and key and says how to mend it: for syntax errors,
/// unknown keys (with the nearest known key), wrong types, impossible or missing values.
Study read_study(const std::filesystem::path& file);

/// The same from text; `file` is the name used in messages and gives the folder of relative globs.
Study parse_study(std::string_view text, const std::filesystem::path& file);

/// The effective study as a TOML text that parses to an equal study: every option with its value.
/// Canonical: file globs sorted within an input, inputs sorted by their text, so the order in which the
/// user listed files does not show. `folder` is not part of it.
std::string effective_study(const Study& study);

/// The files that the globs of `input` name, absolute, sorted, without repeats.
/// Throws Error(usage) when a glob matches nothing.
std::vector<std::filesystem::path> input_files(const Study& study, const Input& input);

}  // namespace lockstep
