#include "cluster/hdf5_writer.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cluster/agree.hpp"
#include "cluster/comm_implementation.hpp"
#include "cluster/environment.hpp"
#include "cluster/hdf5_handle.hpp"

namespace lockstep {

namespace {

struct TextColumn {
  ColumnLabel label;
  std::vector<std::string> values;
};

/// Texts are stored so many at a time, whatever rank they come from: HDF5 packs each batch by itself.
constexpr std::size_t text_batch = 65'536;

Hdf5Handle untimed(hid_t list_class) {
  Hdf5Handle list(H5Pcreate(list_class), H5Pclose, "making a property list");
  hdf5_check(H5Pset_obj_track_times(list, false), "switching object times off");
  return list;
}

/// Datasets without stored times and without fill values (every row is written), in their groups.
Hdf5Handle create_dataset(hid_t file, const std::string& path, hid_t type, std::uint64_t rows) {
  const auto slash = path.find('/');
  const std::string group = path.substr(0, slash);
  if (H5Lexists(file, group.c_str(), H5P_DEFAULT) <= 0) {
    const auto properties = untimed(H5P_GROUP_CREATE);
    Hdf5Handle(H5Gcreate2(file, group.c_str(), H5P_DEFAULT, properties, H5P_DEFAULT), H5Gclose,
               "creating group " + group);
  }
  const auto properties = untimed(H5P_DATASET_CREATE);
  hdf5_check(H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY), "choosing early allocation");
  if (H5Tis_variable_str(type) <= 0) {
    hdf5_check(H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER), "switching fill values off");
  }
  const hsize_t size = rows;
  const Hdf5Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose, "making a data space");
  return {H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose,
          "creating " + path};
}

void write_text_attribute(hid_t object, const std::string& name, const std::string& text) {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "making the text type");
  hdf5_check(H5Tset_size(type, text.empty() ? 1 : text.size()), "making the text type");
  hdf5_check(H5Tset_cset(type, H5T_CSET_UTF8), "making the text type");
  hdf5_check(H5Tset_strpad(type, H5T_STR_NULLPAD), "making the text type");
  const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose, "making a data space");
  const Hdf5Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                             H5Aclose, "creating attribute " + name);
  hdf5_check(H5Awrite(attribute, type, text.empty() ? "\0" : text.data()), "writing attribute " + name);
}

/// The same for a text of any length (a fixed-length one must fit in 64 KiB). Not while the file is open in
/// parallel.
void write_long_text_attribute(hid_t object, const std::string& name, const std::string& text) {
  const auto type = hdf5_text_type();
  const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose, "making a data space");
  const Hdf5Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                             H5Aclose, "creating attribute " + name);
  const char* const pointer = text.c_str();
  hdf5_check(H5Awrite(attribute, type, &pointer), "writing attribute " + name);
}

void label_dataset(hid_t dataset, const ColumnLabel& label) {
  write_text_attribute(dataset, "unit", label.unit);
  write_text_attribute(dataset, "description", label.description);
}

void write_texts(hid_t dataset, std::uint64_t begin, std::span<const std::string> texts) {
  std::vector<const char*> pointers;
  for (const auto& text : texts) pointers.push_back(text.c_str());
  const hsize_t start = begin;
  const hsize_t count = texts.size();
  const Hdf5Handle memory(H5Screate_simple(1, &count, nullptr), H5Sclose, "making a data space");
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose, "reading a data space");
  hdf5_check(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &count, nullptr), "selecting rows");
  hdf5_check(H5Dwrite(dataset, hdf5_text_type(), memory, space, H5P_DEFAULT, pointers.data()),
             "writing texts");
}

void sync_path(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) throw Error(ExitCode::io, fmt::format("{}: {}", path.string(), std::strerror(error)));
}

}  // namespace

struct Hdf5Writer::Implementation {
  Comm comm;
  std::filesystem::path file;
  std::filesystem::path temporary;
  Hdf5Handle parallel;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<TextColumn> texts;

  std::function<void(const std::string&)> failed;

  /// Runs `work` on an open file; where it fails, all ranks end at once with the code for files. HDF5 cannot
  /// let go of a file that it could not write, on a full disk: closing it crashes, and ranks that have not
  /// failed wait in its collective calls. What the run has saved before stays, so no error can be handled
  /// better than by its next attempt.
  template <class Work>
  void write_or_end(Work&& work) {
    try {
      work();
    } catch (const std::exception& error) {
      const auto message =
          fmt::format("rank {}: {}: {}; is the disk full? The same command goes on from the last saved state",
                      comm.rank(), temporary.string(), error.what());
      fmt::print(stderr, "lockstep: {}\n", message);
      std::fflush(stderr);
      if (failed) failed(message);
      end_all_ranks(ExitCode::io);
    }
  }
  void write_text_column(const Hdf5Handle& serial, TextColumn& column);
};

Hdf5Writer::Hdf5Writer(const Comm& comm, std::filesystem::path file,
                       std::function<void(const std::string&)> failed)
    : implementation_(std::make_unique<Implementation>(
          Implementation{comm, std::move(file), {}, {}, {}, {}, std::move(failed)})) {
  auto& self = *implementation_;
  self.temporary = self.file;
  self.temporary += ".writing";
  // HDF5 would otherwise print a stack of its own at every error; ours name the file and the operation.
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  attempt(comm, [&] {
    const auto properties = untimed(H5P_FILE_CREATE);
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "making a property list");
    hdf5_check(H5Pset_fapl_mpio(access, comm.implementation().communicator, MPI_INFO_NULL),
               "choosing parallel access");
    self.parallel = {H5Fcreate(self.temporary.c_str(), H5F_ACC_TRUNC, properties, access), H5Fclose,
                     "creating " + self.temporary.string()};
  });
}

Hdf5Writer::~Hdf5Writer() {
  // A file that is still open here is left by an error, maybe of this rank alone. Closing it would wait for
  // the others; the program is about to end.
  if (implementation_->comm.size() > 1) implementation_->parallel.leave_open();
}

template <class T>
void Hdf5Writer::column(const ColumnLabel& label, std::span<const T> values) {
  auto& self = *implementation_;
  const std::uint64_t rows = self.comm.sum(values.size());
  const hsize_t start = self.comm.exclusive_sum(values.size());
  const hsize_t count = values.size();
  self.write_or_end([&] {
    const auto type = hdf5_memory_type<T>();
    auto dataset = create_dataset(self.parallel, label.path, type, rows);
    label_dataset(dataset, label);
    if (count > 0) {
      const Hdf5Handle memory(H5Screate_simple(1, &count, nullptr), H5Sclose, "making a data space");
      const Hdf5Handle space(H5Dget_space(dataset), H5Sclose, "reading a data space");
      hdf5_check(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &count, nullptr),
                 "selecting rows");
      // Independent writes of contiguous pieces were measured at more than twice the speed of collective
      // ones.
      hdf5_check(H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, values.data()), "writing " + label.path);
    }
    dataset.close("closing " + label.path);
  });
}

template void Hdf5Writer::column(const ColumnLabel&, std::span<const std::uint16_t>);
template void Hdf5Writer::column(const ColumnLabel&, std::span<const std::uint32_t>);
template void Hdf5Writer::column(const ColumnLabel&, std::span<const std::int32_t>);
template void Hdf5Writer::column(const ColumnLabel&, std::span<const std::uint64_t>);
template void Hdf5Writer::column(const ColumnLabel&, std::span<const std::int64_t>);
template void Hdf5Writer::column(const ColumnLabel&, std::span<const double>);

void Hdf5Writer::text_column(const ColumnLabel& label, std::vector<std::string> values) {
  // HDF5 ends a text at its first NUL: every rank cuts there, so that rows do not depend on ranks.
  for (auto& text : values) text.resize(std::strlen(text.c_str()));
  implementation_->texts.push_back({label, std::move(values)});
}

void Hdf5Writer::attribute(const std::string& name, const std::string& text) {
  implementation_->attributes.emplace_back(name, text);
}

/// Texts of any length cannot be written in parallel: the root takes them rank by rank and writes them.
void Hdf5Writer::Implementation::write_text_column(const Hdf5Handle& serial, TextColumn& column) {
  const std::uint64_t rows = comm.sum(column.values.size());
  Hdf5Handle dataset;
  std::uint64_t written = 0;
  std::vector<std::string> batch;
  const auto take = [&](std::string text) {
    batch.push_back(std::move(text));
    if (batch.size() < text_batch) return;
    write_texts(dataset, written, batch);
    written += batch.size();
    batch.clear();
  };
  write_or_end([&] {
    if (!comm.is_root()) return;
    dataset = create_dataset(serial, column.label.path, hdf5_text_type(), rows);
    label_dataset(dataset, column.label);
    for (auto& text : column.values) take(std::move(text));
  });
  for (int source = 1; source < comm.size(); ++source) {
    std::vector<char> pool;  // the texts of `source`, each with its closing NUL
    if (comm.rank() == source) {
      for (const auto& text : column.values)
        pool.insert(pool.end(), text.c_str(), text.c_str() + text.size() + 1);
    }
    std::vector<std::size_t> counts(static_cast<std::size_t>(comm.size()), 0);
    counts[0] = pool.size();
    const auto received = comm.exchange(pool, counts);
    write_or_end([&] {
      const char* const end = received.rows.data() + received.rows.size();
      for (const char* text = received.rows.data(); text < end; text += std::strlen(text) + 1) take(text);
    });
  }
  write_or_end([&] {
    if (!comm.is_root()) return;
    if (!batch.empty()) write_texts(dataset, written, batch);
    dataset.close("closing " + column.label.path);
  });
}

void Hdf5Writer::close() {
  auto& self = *implementation_;
  self.write_or_end([&] { self.parallel.close("closing " + self.temporary.string()); });
  Hdf5Handle serial;
  self.write_or_end([&] {
    if (!self.comm.is_root()) return;
    serial = {H5Fopen(self.temporary.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose,
              "opening " + self.temporary.string()};
    for (const auto& [name, text] : self.attributes) write_long_text_attribute(serial, name, text);
  });
  for (auto& column : self.texts) self.write_text_column(serial, column);
  self.write_or_end([&] {
    if (self.comm.is_root()) serial.close("closing " + self.temporary.string());
  });
  attempt_at_root(self.comm, [&] {
    sync_path(self.temporary, O_RDONLY);
    std::filesystem::rename(self.temporary, self.file);
    const auto folder = self.file.parent_path();
    sync_path(folder.empty() ? std::filesystem::path(".") : folder, O_RDONLY | O_DIRECTORY);
  });
}

}  // namespace lockstep
