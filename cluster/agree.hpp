#pragma once

#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <type_traits>

#include "cluster/comm.hpp"
#include "data/error.hpp"

namespace lockstep {

/// An error that every rank has thrown at the same place, so each can end by itself.
class AgreedError : public Error {
 public:
  using Error::Error;
};

/// What went wrong on this rank, if anything, becomes what went wrong on all: when any rank has an error,
/// every rank throws AgreedError with the error of the lowest such rank. Collective.
inline void agree(const Comm& comm, const std::optional<Error>& mine) {
  if (!comm.any(mine.has_value())) return;
  struct Failure {
    int code;
    std::size_t length;
  };
  const Failure failure =
      mine ? Failure{static_cast<int>(mine->code()), std::string(mine->what()).size()} : Failure{0, 0};
  const auto failures = comm.gather_all_values(failure);
  const std::string text = mine ? mine->what() : "";
  const auto texts = comm.gather_all(std::span<const char>(text));
  std::size_t offset = 0;
  for (const auto& [code, length] : failures) {
    if (code != 0) throw AgreedError(static_cast<ExitCode>(code), {texts.data() + offset, length});
    offset += length;
  }
}

/// Runs local `work`, which must not communicate, and agrees on its errors; returns its result. Collective.
template <class Work>
auto attempt(const Comm& comm, Work&& work) {
  using Result = std::invoke_result_t<Work>;
  std::optional<Error> error;
  const auto guarded = [&](auto&& run) {
    try {
      run();
    } catch (const Error& e) {
      error = e;
    } catch (const std::filesystem::filesystem_error& e) {
      error = file_error(e);
    } catch (const std::bad_alloc&) {
      error = Error(ExitCode::internal, "out of memory on rank " + std::to_string(comm.rank()) +
                                            ": use more ranks, or nodes with more memory");
    } catch (const std::exception& e) {
      error = Error(ExitCode::internal, e.what());
    }
  };
  if constexpr (std::is_void_v<Result>) {
    guarded([&] { work(); });
    agree(comm, error);
  } else {
    std::optional<Result> result;
    guarded([&] { result.emplace(work()); });
    agree(comm, error);
    return std::move(*result);
  }
}

/// Runs `work` at the root only; its error is everybody's. Collective.
template <class Work>
void attempt_at_root(const Comm& comm, Work&& work) {
  attempt(comm, [&] {
    if (comm.is_root()) work();
  });
}

}  // namespace lockstep
