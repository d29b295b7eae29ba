#include "src/log/sample.hpp"

#include <algorithm>
#include <chrono>

#include "data/error.hpp"
#include "data/formats/byte_source.hpp"
#include "data/study/study_file.hpp"

namespace lockstep {

namespace {

using Clock = std::chrono::steady_clock;

/// The sample is divided into so many places. Compressed files tell where they are to 256 KiB only: fewer,
/// longer pieces.
constexpr std::uint64_t plain_places = 128;
constexpr std::uint64_t compressed_places = 16;
/// One place in so many gets half of the bytes for these; the others share the other half. Many places catch
/// the objects of which there is much; long pieces hold all of a window of a dense log.
constexpr std::uint64_t places_per_long_piece = 8;

std::vector<SampledFile> list_files(const Study& study) {
  std::vector<SampledFile> files;
  for (std::uint32_t i = 0; i < study.inputs.size(); ++i) {
    for (const auto& path : input_files(study, study.inputs[i])) {
      const auto whole = plan_splits(path.string(), UINT64_MAX);
      files.push_back({path.string(), i, whole.front().end, is_compressed(path.string())});
    }
  }
  return files;
}

/// Splits of one file that gets `count` of the places, of `place_bytes` each on average.
std::vector<Split> place_pieces(const SampledFile& file, std::uint64_t count, std::uint64_t place_bytes) {
  const std::uint64_t wanted = count * place_bytes;
  if (count == 0) return {};
  if (wanted >= file.bytes) return {{file.path, 0, file.bytes, 1, false}};
  if (file.compressed) return {{file.path, 0, wanted, 1, false}};
  const std::uint64_t short_bytes = place_bytes * places_per_long_piece / (2 * (places_per_long_piece - 1));
  const std::uint64_t long_bytes = place_bytes * places_per_long_piece / 2;
  std::vector<Split> splits;
  const std::uint64_t stride = file.bytes / count;
  for (std::uint64_t k = 0; k < count; ++k) {
    const bool is_long = k % places_per_long_piece == places_per_long_piece / 2;
    const std::uint64_t begin = k * stride + (stride - place_bytes) / 2;
    const std::uint64_t end = std::min(begin + (is_long ? long_bytes : short_bytes), file.bytes);
    if (!splits.empty() && begin < splits.back().end) {  // a long piece reaches here
      splits.back().end = std::max(splits.back().end, end);
    } else {
      splits.push_back({file.path, begin, end, 1, false});
    }
  }
  return splits;
}

/// By file: evenly placed pieces, as if the files were one.
std::vector<std::vector<Split>> plan_sample(const std::vector<SampledFile>& files,
                                            std::uint64_t sample_bytes) {
  std::uint64_t total = 0;
  for (const auto& file : files) total += file.bytes;
  const bool has_compressed = std::ranges::any_of(files, &SampledFile::compressed);
  const std::uint64_t places = has_compressed ? compressed_places : plain_places;
  const std::uint64_t place_bytes = std::max<std::uint64_t>(sample_bytes / places, 1);
  const auto places_before = [&](std::uint64_t bytes) {
    return static_cast<std::uint64_t>(
        static_cast<double>(places) * static_cast<double>(bytes) / static_cast<double>(total) + 0.5);
  };
  std::vector<std::vector<Split>> plan;
  std::uint64_t before = 0;
  for (const auto& file : files) {
    if (total <= sample_bytes) {
      plan.push_back({{file.path, 0, file.bytes, 1, false}});
    } else {
      const std::uint64_t count = places_before(before + file.bytes) - places_before(before);
      plan.push_back(place_pieces(file, count, place_bytes));
    }
    before += file.bytes;
  }
  return plan;
}

/// Well-formed rows among the first ones of a split.
std::uint64_t count_well_formed(const Split& split, const Input& input) {
  constexpr std::uint64_t rows_tried = 100;
  std::uint64_t well_formed = 0;
  try {
    const auto rows = open_rows(split, input.format, {{input.account, ""}, {input.time, ""}}, input.missing,
                                {input.account, input.time});
    Row row;
    for (std::uint64_t i = 0; i < rows_tried && rows->next(row); ++i)
      well_formed += row.error.empty() ? 1 : 0;
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_data) throw;
  }
  return well_formed;
}

/// Whether a piece begins inside quotes. Only what stands before it could tell for certain; the guess with
/// more well-formed rows is taken.
bool starts_in_quotes(Split split, const Input& input) {
  if (input.format != Format::csv || split.begin == 0 || survey(split, input.format).quotes == 0)
    return false;
  const std::uint64_t outside = count_well_formed(split, input);
  split.starts_in_quotes = true;
  return count_well_formed(split, input) > outside;
}

/// Reads one piece; rows are numbered from `first_row` on. Compressed files are left at the piece's end.
void read_piece(const Study& study, const Split& piece, std::uint32_t file_number, LogSample& sample) {
  SampledFile& file = sample.files[file_number];
  Split split = piece;
  if (file.compressed) split.end = file.bytes;
  split.starts_in_quotes = starts_in_quotes(split, study.inputs[file.input]);

  std::vector<std::size_t> first_action;
  for (const auto& channel : sample.log.actions) first_action.push_back(channel.size());
  std::vector<std::vector<std::uint32_t>> row_of_action(first_action.size());
  std::uint32_t rows = 0;
  std::uint64_t consumed = 0;  // bytes of the rows so far: readers read ahead
  std::uint64_t position = 0;
  const std::uint64_t rows_before = sample.log.rows;
  scan_rows(study, study.inputs[file.input], split, 0, sample.log, [&](std::uint64_t bytes) {
    if (bytes != position) {
      consumed = position;
      position = bytes;
      if (file.compressed && consumed >= piece.end && piece.end < file.bytes) return false;
    }
    for (std::size_t c = 0; c < first_action.size(); ++c) {
      row_of_action[c].resize(sample.log.actions[c].size() - first_action[c], rows);
    }
    ++rows;
    return true;
  });
  const bool stopped = sample.log.rows - rows_before > rows;
  const std::uint64_t bytes = stopped ? consumed : split.end - split.begin;
  file.bytes_read += bytes;
  file.rows_read += rows;
  // Rows before a piece are as long as its own.
  const double rows_per_byte = bytes > 0 ? rows / static_cast<double>(bytes) : 0;
  const auto first_row = static_cast<std::uint64_t>(static_cast<double>(piece.begin) * rows_per_byte);
  sample.spans.push_back({file_number, first_row, rows});
  for (std::size_t c = 0; c < first_action.size(); ++c) {
    const auto& pieces = sample.log.actions[c].pieces();
    for (std::size_t i = 0; i < row_of_action[c].size(); ++i) {
      const std::size_t place = first_action[c] + i;
      const RawAction& action = pieces[place / RawActions::piece_size][place % RawActions::piece_size];
      sample.actions[c].push_back({action.object, file_number, first_row + row_of_action[c][i], action.time});
    }
  }
}

/// Rows of every file: by its own rows' length, else by that of all rows read.
void estimate_rows(LogSample& sample) {
  std::uint64_t rows = 0;
  for (const auto& file : sample.files) rows += file.rows_read;
  const double bytes_per_row = static_cast<double>(sample.bytes_read()) / static_cast<double>(rows);
  for (auto& file : sample.files) {
    file.rows = file.rows_read > 0 ? static_cast<double>(file.rows_read) * static_cast<double>(file.bytes) /
                                         static_cast<double>(file.bytes_read)
                                   : static_cast<double>(file.bytes) / bytes_per_row;
  }
}

}  // namespace

std::uint64_t LogSample::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : files) sum += file.bytes;
  return sum;
}

std::uint64_t LogSample::bytes_read() const {
  std::uint64_t sum = 0;
  for (const auto& file : files) sum += file.bytes_read;
  return sum;
}

double LogSample::rows() const {
  double sum = 0;
  for (const auto& file : files) sum += file.rows;
  return sum;
}

double LogSample::scale() const {
  std::uint64_t read = 0;
  for (const auto& file : files) read += file.rows_read;
  return std::max(1.0, rows() / static_cast<double>(read));
}

LogSample read_sample(const Study& study, std::uint64_t sample_bytes) {
  LogSample sample(study.channels.size());
  sample.files = list_files(study);
  const auto plan = plan_sample(sample.files, sample_bytes);
  const auto start = Clock::now();
  for (std::uint32_t file = 0; file < plan.size(); ++file) {
    for (const auto& piece : plan[file]) read_piece(study, piece, file, sample);
  }
  sample.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (sample.log.rows == 0) {
    throw Error(ExitCode::bad_data,
                "the sample holds no row; is any of the study's files more than a header?");
  }
  estimate_rows(sample);
  return sample;
}

}  // namespace lockstep
