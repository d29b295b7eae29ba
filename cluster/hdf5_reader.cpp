#include "cluster/hdf5_reader.hpp"

#include "cluster/hdf5_handle.hpp"

namespace lockstep {

struct Hdf5Reader::Implementation {
  std::string name;
  Hdf5Handle file;

  Hdf5Handle open(const std::string& path, hsize_t& rows) const {
    Hdf5Handle dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose,
                       "opening " + path + " of " + name);
    const Hdf5Handle space(H5Dget_space(dataset), H5Sclose, "reading the size of " + path);
    rows = static_cast<hsize_t>(H5Sget_simple_extent_npoints(space));
    return dataset;
  }
};

Hdf5Reader::Hdf5Reader(const std::filesystem::path& file) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  if (!std::filesystem::exists(file)) {
    throw Error(ExitCode::io, file.string() + ": no such file; `lockstep run` writes it when it is done");
  }
  const hid_t id = H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (id < 0) throw Error(ExitCode::io, file.string() + ": not an HDF5 file, or damaged");
  implementation_ = std::make_unique<Implementation>(
      Implementation{file.string(), Hdf5Handle(id, H5Fclose, "opening " + file.string())});
}

Hdf5Reader::~Hdf5Reader() = default;

bool Hdf5Reader::has(const std::string& path) const {
  const auto group = path.substr(0, path.find('/'));
  return H5Lexists(implementation_->file, group.c_str(), H5P_DEFAULT) > 0 &&
         H5Lexists(implementation_->file, path.c_str(), H5P_DEFAULT) > 0;
}

template <class T>
std::vector<T> Hdf5Reader::column(const std::string& path) const {
  hsize_t rows = 0;
  const auto dataset = implementation_->open(path, rows);
  std::vector<T> values(rows);
  if (rows > 0) {
    hdf5_check(H5Dread(dataset, hdf5_memory_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
               "reading " + path + " of " + implementation_->name);
  }
  return values;
}

template std::vector<std::uint32_t> Hdf5Reader::column(const std::string&) const;
template std::vector<std::int32_t> Hdf5Reader::column(const std::string&) const;
template std::vector<std::uint64_t> Hdf5Reader::column(const std::string&) const;
template std::vector<std::int64_t> Hdf5Reader::column(const std::string&) const;
template std::vector<double> Hdf5Reader::column(const std::string&) const;

std::vector<std::string> Hdf5Reader::text_column(const std::string& path) const {
  hsize_t rows = 0;
  const auto dataset = implementation_->open(path, rows);
  std::vector<char*> pointers(rows);
  std::vector<std::string> texts;
  if (rows == 0) return texts;
  const auto type = hdf5_text_type();
  hdf5_check(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
             "reading " + path + " of " + implementation_->name);
  texts.reserve(rows);
  for (const char* text : pointers) texts.emplace_back(text == nullptr ? "" : text);
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose, "reading the size of " + path);
  hdf5_check(H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data()), "freeing " + path);
  return texts;
}

std::string Hdf5Reader::attribute(const std::string& name) const {
  const std::string what = "reading attribute " + name + " of " + implementation_->name;
  const Hdf5Handle attribute(H5Aopen(implementation_->file, name.c_str(), H5P_DEFAULT), H5Aclose, what);
  const Hdf5Handle type(H5Aget_type(attribute), H5Tclose, what);
  if (H5Tis_variable_str(type) > 0) {
    char* pointer = nullptr;
    hdf5_check(H5Aread(attribute, type, &pointer), what);
    std::string text(pointer == nullptr ? "" : pointer);
    H5free_memory(pointer);
    return text;
  }
  std::string text(H5Tget_size(type), '\0');
  hdf5_check(H5Aread(attribute, type, text.data()), what);
  if (text == std::string(1, '\0')) text.clear();
  return text;
}

}  // namespace lockstep
