#include <gtest/gtest.h>

#include "cluster/hdf5_reader.hpp"
#include "cluster/hdf5_writer.hpp"
#include "tests/ranks/agreed_error.hpp"
#include "tests/ranks/pieces.hpp"
#include "tests/ranks/shared_folder.hpp"

namespace lockstep::test {

namespace {

namespace fs = std::filesystem;

/// The columns of a small file; n rows each.
struct Columns {
  explicit Columns(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      unsigned16.push_back(static_cast<std::uint16_t>(UINT16_MAX - i));
      signed32.push_back(INT32_MIN + static_cast<std::int32_t>(i));
      unsigned32.push_back(UINT32_MAX - static_cast<std::uint32_t>(i));
      signed64.push_back(INT64_MIN + static_cast<std::int64_t>(i));
      unsigned64.push_back(UINT64_MAX - i);
      real.push_back(static_cast<double>(i) / 3);
      texts.push_back(i % 5 == 0 ? "" : "te\xC3\xA9xt " + std::to_string(i * i));
    }
  }
  std::vector<std::uint16_t> unsigned16;
  std::vector<std::int32_t> signed32;
  std::vector<std::uint32_t> unsigned32;
  std::vector<std::int64_t> signed64;
  std::vector<std::uint64_t> unsigned64;
  std::vector<double> real;
  std::vector<std::string> texts;
};

/// Writes the columns with `piece(column)` of each on this rank. Collective.
template <class Piece>
void write_columns(const Comm& comm, const fs::path& file, const Columns& all, Piece piece) {
  Hdf5Writer writer(comm, file);
  writer.column({"numbers/u16", "1", "small"}, piece(all.unsigned16));
  writer.column({"numbers/i32", "1", "signed"}, piece(all.signed32));
  writer.column({"numbers/u32", "1", ""}, piece(all.unsigned32));
  writer.text_column({"texts/name", "", "any length"}, piece(all.texts));
  writer.column({"wide/i64", "s", "times"}, piece(all.signed64));
  writer.column({"wide/u64", "1", "counts"}, piece(all.unsigned64));
  writer.column({"wide/real", "1", "thirds"}, piece(all.real));
  writer.attribute("version", "1.2");
  writer.attribute("empty", "");
  writer.attribute("study", std::string(50'000, 's'));
  EXPECT_FALSE(fs::exists(file));
  writer.close();
}

TEST(Hdf5, EveryTypeRoundTrips) {
  const SharedFolder folder;
  const fs::path file = folder.path() / "some.h5";
  for (const std::size_t n : {0, 1, 1000}) {
    const Columns all(n);
    write_columns(world(), file, all, [](const auto& column) { return own_piece(column, 3); });
    const Hdf5Reader reader(file);
    EXPECT_EQ(reader.column<std::uint32_t>("numbers/u16"),
              std::vector<std::uint32_t>(all.unsigned16.begin(), all.unsigned16.end()));
    EXPECT_EQ(reader.column<std::int32_t>("numbers/i32"), all.signed32);
    EXPECT_EQ(reader.column<std::uint32_t>("numbers/u32"), all.unsigned32);
    EXPECT_EQ(reader.column<std::int64_t>("wide/i64"), all.signed64);
    EXPECT_EQ(reader.column<std::uint64_t>("wide/u64"), all.unsigned64);
    EXPECT_EQ(reader.column<double>("wide/real"), all.real);
    EXPECT_EQ(reader.text_column("texts/name"), all.texts);
    EXPECT_EQ(reader.attribute("version"), "1.2");
    EXPECT_EQ(reader.attribute("empty"), "");
    EXPECT_EQ(reader.attribute("study"), std::string(50'000, 's'));
    EXPECT_TRUE(reader.has("wide/real"));
    EXPECT_FALSE(reader.has("wide/none"));
    EXPECT_FALSE(reader.has("none/real"));
    EXPECT_THROW(reader.column<double>("wide/none"), Error);
    world().barrier();
    if (world().is_root()) fs::remove(file);
    world().barrier();
  }
}

TEST(Hdf5, SameBytesHoweverTheRowsAreSplit) {
  const SharedFolder folder;
  const Columns all(70'000);  // more texts than are stored at a time
  const fs::path alone = folder.path() / "alone.h5";
  if (world().is_root()) write_columns(Comm::self(), alone, all, [](const auto& column) { return column; });
  world().barrier();
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    const fs::path file = folder.path() / ("split" + std::to_string(seed) + ".h5");
    write_columns(world(), file, all, [&](const auto& column) { return own_piece(column, seed); });
    EXPECT_TRUE(bytes_of(file) == bytes_of(alone)) << "split " << seed;
  }
}

// Names may hold the character NUL (in JSON: \u0000), which ends a text in HDF5. Whatever is stored for them,
// it may not depend on the ranks, and no other row may change.
TEST(Hdf5, TextsWithNulKeepTheirRows) {
  const SharedFolder folder;
  const std::vector<std::string> all = {"a", std::string("b\0c", 3), "d", std::string("\0", 1), "e", "f"};
  const auto write = [](const Comm& comm, const fs::path& file, std::vector<std::string> own) {
    Hdf5Writer writer(comm, file);
    writer.text_column({"texts/name", "", ""}, std::move(own));
    EXPECT_NO_THROW(writer.close());
  };
  const fs::path alone = folder.path() / "alone.h5";
  if (world().is_root()) write(Comm::self(), alone, all);
  world().barrier();
  const auto texts = Hdf5Reader(alone).text_column("texts/name");
  ASSERT_EQ(texts.size(), all.size());
  for (const std::size_t i : {0, 2, 4, 5}) EXPECT_EQ(texts[i], all[i]);
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    const fs::path file = folder.path() / (std::to_string(seed) + ".h5");
    write(world(), file, own_piece(all, seed));
    EXPECT_TRUE(bytes_of(file) == bytes_of(alone)) << "split " << seed;
  }
}

TEST(Hdf5, NothingUnderItsNameBeforeClose) {
  const SharedFolder folder;
  const fs::path file = folder.path() / "some.h5";
  folder.write("some.h5", "older results");
  {
    Hdf5Writer writer(world(), file);
    writer.column({"a/b", "1", ""}, std::vector<double>{1.5});
  }
  world().barrier();
  EXPECT_EQ(bytes_of(file), "older results");
  world().barrier();
  Hdf5Writer writer(world(), file);
  writer.column({"a/b", "1", ""}, std::vector<double>{2.5});
  writer.close();
  EXPECT_EQ(Hdf5Reader(file).column<double>("a/b"),
            std::vector<double>(static_cast<std::size_t>(world().size()), 2.5));
  for (const auto& entry : fs::directory_iterator(folder.path())) EXPECT_EQ(entry.path(), file);
}

// A study with many inputs is a long text, and it is written when all work is done.
TEST(Hdf5, AttributesOfAnyLength) {
  const SharedFolder folder;
  const std::string text(200'000, 's');
  Hdf5Writer writer(world(), folder.path() / "some.h5");
  writer.attribute("study", text);
  EXPECT_NO_THROW(writer.close());
  if (!fs::exists(folder.path() / "some.h5")) return;
  EXPECT_EQ(Hdf5Reader(folder.path() / "some.h5").attribute("study"), text);
}

TEST(Hdf5, NoFolderIsAnAgreedError) {
  const SharedFolder folder;
  const fs::path file = folder.path() / "none" / "some.h5";
  const auto message = agreed_error(ExitCode::io, [&] { Hdf5Writer(world(), file); });
  EXPECT_NE(message.find(file.string()), std::string::npos) << message;
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Hdf5Reader, NamesFilesItCannotRead) {
  const SharedFolder folder;
  folder.write("text.h5", "this is no HDF5 file");
  for (const std::string name : {"none.h5", "text.h5"}) {
    try {
      const Hdf5Reader reader(folder.path() / name);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(ExitCode::io));
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  }
}

TEST(Hdf5, ARankThatFailsAloneDoesNotWaitForTheOthers) {
  const SharedFolder folder;
  auto writer = std::make_unique<Hdf5Writer>(world(), folder.path() / "some.h5");
  if (world().rank() == world().size() - 1) writer.reset();
  world().barrier();  // for ever, if that waits
}

}  // namespace

}  // namespace lockstep::test
