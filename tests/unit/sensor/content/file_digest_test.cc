// Digests of files: against the examples of FIPS 180-4 (NIST's SHA-256 test data), at several cuts; and when
// there is none.
#include "sensor/content/file_digest.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "tests/unit/sensor/content/text_recorder.h"

namespace weir {
namespace {

const char* const kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const char* const kOfMillionA = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

// "abc", packed by Python's gzip.
const std::string kGzipOfAbc(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x4c\x4a\x06\x00\xc2\x41\x24\x35\x03\x00\x00\x00", 23);

std::string hex(const std::optional<Sha256>& digest) {
  if (!digest) return "none";
  std::string text;
  for (const uint8_t byte : *digest) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    text += two;
  }
  return text;
}

ContentMeta named_file() {
  ContentMeta meta = meta_of(ItemKind::kBody, "text/csv");
  meta.file_name = "list.csv";
  return meta;
}

TEST(FileDigest, IsThatOfTheStandardHoweverTheBytesAreCut) {
  const std::string text(1'000'000, 'a');
  for (const size_t cut : {size_t{1'000'000}, size_t{1448}, size_t{65'537}}) {
    FileDigest digest;
    for (size_t at = 0; at < text.size(); at += cut) {
      digest.add(as_bytes(text).subspan(at, std::min(cut, text.size() - at)));
    }
    EXPECT_EQ(hex(digest.finish()), kOfMillionA);
  }
}

TEST(FileDigest, OfABodyWithAName) {
  ContentBench bench;
  EXPECT_EQ(hex(bench.one(named_file(), std::string(1'000'000, 'a')).facts.sha256), kOfMillionA);
}

TEST(FileDigest, OfWhatAContentCodingHeld) {
  ContentBench bench;
  ContentMeta meta = named_file();
  meta.codings = {"gzip"};
  EXPECT_EQ(hex(bench.one(std::move(meta), kGzipOfAbc).facts.sha256), kOfAbc);
}

TEST(FileDigest, OfTheFilesOfAFormAndNotOfTheForm) {
  ContentBench bench;
  ContentMeta meta = meta_of(ItemKind::kBody, "multipart/form-data; boundary=b");
  meta.file_name = "form";
  bench.one(std::move(meta),
            "--b\r\nContent-Disposition: form-data; name=f; filename=a.txt\r\n\r\nabc\r\n--b--\r\n");
  ASSERT_EQ(bench.text.items.size(), 2u);
  EXPECT_EQ(hex(bench.text.items[0]->facts.sha256), "none");
  EXPECT_EQ(hex(bench.text.items[1]->facts.sha256), kOfAbc);
}

TEST(FileDigest, NoneOfWhatHasNoNameIsPackedIsARangeOrLacksAPart) {
  ContentBench bench;
  EXPECT_EQ(hex(bench.one(meta_of(ItemKind::kBody, "text/csv"), "abc").facts.sha256), "none");
  EXPECT_EQ(hex(bench.one(named_file(), kGzipOfAbc).facts.sha256), "none");
  ContentMeta range = named_file();
  range.range = "bytes 0-2/9";
  EXPECT_EQ(hex(bench.one(std::move(range), "abc").facts.sha256), "none");

  const ItemId holed = bench.flow->open(named_file(), kNoItem);
  bench.flow->data(holed, 0, as_bytes("ab"));
  bench.flow->gap(holed, 2, 1);
  bench.flow->close(holed, CloseReason::kComplete);
  EXPECT_EQ(hex(bench.text.items.back()->facts.sha256), "none");

  const ItemId cut = bench.flow->open(named_file(), kNoItem);
  bench.flow->data(cut, 0, as_bytes("abc"));
  bench.flow->close(cut, CloseReason::kTruncated);
  EXPECT_EQ(hex(bench.text.items.back()->facts.sha256), "none");
}

}  // namespace
}  // namespace weir
