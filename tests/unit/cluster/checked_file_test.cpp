#include "cluster/checked_file.hpp"

#include <random>
#include <stdexcept>

#include "tests/unit/cluster/files.hpp"

namespace lockstep::test {

namespace {

class CheckedFile : public Folder {
 protected:
  std::string read() const {
    std::string text;
    read_checked(file_, [&](std::istream& in) { text = {std::istreambuf_iterator<char>(in), {}}; });
    return text;
  }
  void save(const std::string& text) const {
    write_checked(file_, [&](std::ostream& out) { out << text; });
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path file_ = folder_ / "part";
};

TEST_F(CheckedFile, HoldsWhatWasWritten) {
  std::mt19937 engine(1);
  // Nothing, little, exactly one piece of 4 MiB and its neighbours, and several.
  for (const std::size_t size : {0UL, 1UL, 1000UL, (4UL << 20) - 1, 4UL << 20, (4UL << 20) + 1, 9UL << 20}) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(engine());
    save(text);
    EXPECT_EQ(read(), text) << size;
  }
  EXPECT_EQ(entries(), 1U) << "a temporary file was left";
}

TEST_F(CheckedFile, NoticesEveryFlippedBit) {
  save("some bytes that matter");
  const std::string whole = bytes_of(file_);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      write(file_, damaged);
      expect_io_error(file_, [&] { read(); });
    }
  }
}

TEST_F(CheckedFile, NoticesEveryTornEndAndWhatFollowsTheEnd) {
  save("some bytes that matter");
  const std::string whole = bytes_of(file_);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write(file_, whole.substr(0, length));
    expect_io_error(file_, [&] { read(); });
  }
  write(file_, whole + "x");
  expect_io_error(file_, [&] { read(); });
  std::filesystem::remove(file_);
  expect_io_error(file_, [&] { read(); });
}

TEST_F(CheckedFile, IsWholeAlsoWhereTheReaderStopsEarly) {
  save(std::string(5UL << 20, 'a'));
  std::string whole = bytes_of(file_);
  whole[whole.size() - 100] = 'b';
  write(file_, whole);
  expect_io_error(file_, [&] { read_checked(file_, [](std::istream& in) { in.get(); }); });
}

TEST_F(CheckedFile, ReadingTooMuchIsAnErrorThatNamesTheFile) {
  save("abc");
  expect_io_error(file_, [&] {
    read_checked(file_, [](std::istream& in) {
      char more[10];
      in.read(more, sizeof more);
    });
  });
}

TEST_F(CheckedFile, AFailedWriterLeavesTheOldFile) {
  save("old");
  EXPECT_THROW(write_checked(file_,
                             [](std::ostream& out) {
                               out << "new";
                               throw std::runtime_error("full");
                             }),
               std::runtime_error);
  EXPECT_EQ(read(), "old");
  EXPECT_EQ(entries(), 1U);
  expect_io_error(folder_ / "none" / "part", [&] { replace_file(folder_ / "none" / "part", "text"); });
  replace_file(file_, "text");
  EXPECT_EQ(bytes_of(file_), "text");
}

}  // namespace

}  // namespace lockstep::test
