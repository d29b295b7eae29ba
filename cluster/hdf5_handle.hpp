#pragma once

#include <string>
#include <utility>

#include <hdf5.h>

#include "data/error.hpp"

namespace lockstep {

/// An HDF5 id that is closed when it goes out of scope. Private to cluster/.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Handle() = default;
  /// Throws Error(io) when `id` says that `what` failed.
  Hdf5Handle(hid_t id, Close closer, const std::string& what) : id_(id), close_(closer) {
    if (id < 0) throw Error(ExitCode::io, "HDF5: " + what + " failed");
  }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Hdf5Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }
  /// Closes now: a full disk may show only here.
  void close(const std::string& what) {
    if (close_(std::exchange(id_, H5I_INVALID_HID)) < 0)
      throw Error(ExitCode::io, "HDF5: " + what + " failed");
  }
  /// Forgets the id without closing it.
  void leave_open() { id_ = H5I_INVALID_HID; }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

inline void hdf5_check(herr_t status, const std::string& what) {
  if (status < 0) throw Error(ExitCode::io, "HDF5: " + what + " failed");
}

/// The type of a UTF-8 text of any length.
inline Hdf5Handle hdf5_text_type() {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "making the text type");
  hdf5_check(H5Tset_size(type, H5T_VARIABLE), "making the text type");
  hdf5_check(H5Tset_cset(type, H5T_CSET_UTF8), "making the text type");
  return type;
}

template <class T>
hid_t hdf5_memory_type();
template <>
inline hid_t hdf5_memory_type<std::uint16_t>() {
  return H5T_NATIVE_UINT16;
}
template <>
inline hid_t hdf5_memory_type<std::uint32_t>() {
  return H5T_NATIVE_UINT32;
}
template <>
inline hid_t hdf5_memory_type<std::int32_t>() {
  return H5T_NATIVE_INT32;
}
template <>
inline hid_t hdf5_memory_type<std::uint64_t>() {
  return H5T_NATIVE_UINT64;
}
template <>
inline hid_t hdf5_memory_type<std::int64_t>() {
  return H5T_NATIVE_INT64;
}
template <>
inline hid_t hdf5_memory_type<double>() {
  return H5T_NATIVE_DOUBLE;
}

}  // namespace lockstep
