// The bounded cursor: big and little endian reads, and a poison that does not wear off.
#include "parsers/wire/cursor.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir {
namespace {

TEST(Cursor, ReadsInOrder) {
  const std::vector<uint8_t> bytes = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                                      13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
  Cursor in(bytes);
  EXPECT_EQ(in.u8(), 1u);
  EXPECT_EQ(in.be16(), 0x0203u);
  EXPECT_EQ(in.be24(), 0x040506u);
  EXPECT_EQ(in.be32(), 0x0708090Au);
  EXPECT_EQ(in.be64(), 0x0B0C0D0E0F101112u);
  EXPECT_EQ(in.le16(), 0x1413u);
  in.skip(1);
  const Bytes two = in.bytes(2);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0], 22);
  EXPECT_EQ(in.remaining(), 1u);
  EXPECT_TRUE(in.ok());
}

TEST(Cursor, AFailedReadPoisonsItForGood) {
  const std::vector<uint8_t> bytes = {0xFF, 0xFF, 0xFF};
  Cursor in(bytes);
  EXPECT_EQ(in.be32(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0u);
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_TRUE(in.bytes(0).empty());
  EXPECT_FALSE(in.ok());
}

TEST(Cursor, SizesFromTheWireDoNotOverflow) {
  const std::vector<uint8_t> bytes = {1, 2};
  Cursor in(bytes);
  EXPECT_TRUE(in.bytes(SIZE_MAX).empty());
  EXPECT_FALSE(in.ok());
  Cursor empty{Bytes()};
  empty.skip(0);
  EXPECT_TRUE(empty.ok());
}

TEST(Bytes, LittleEndian) {
  const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(read_le16(bytes), 0x0201u);
  EXPECT_EQ(read_le32(bytes), 0x04030201u);
  EXPECT_EQ(read_le64(bytes), 0x0807060504030201u);
  EXPECT_EQ(read_be64(bytes), 0x0102030405060708u);
}

}  // namespace
}  // namespace weir
