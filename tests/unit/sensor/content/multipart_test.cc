// Forms: fields and files come out as the sender put them in, at every split, and every byte of the body is
// accounted for.
#include "sensor/content/multipart.h"

#include <gtest/gtest.h>

#include "tests/unit/parsers/codec/vectors.h"
#include "tests/unit/sensor/content/text_recorder.h"

namespace weir {
namespace {

const char* const kForm =
    "--X7\r\n"
    "Content-Disposition: form-data; name=\"name\"\r\n"
    "\r\n"
    "张伟\r\n"
    "--X7\r\n"
    "Content-Disposition: form-data; name=\"id\"\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "\r\n"
    "11010519491231002X\r\n"
    "--X7\r\n"
    "Content-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".csv\"\r\n"
    "Content-Type: text/csv\r\n"
    "\r\n"
    "one,13812345678\r\ntwo--X7\r\n--X70 is no delimiter\r\n"
    "--X7--\r\n"
    "epilogue";

ContentMeta form_meta(const char* type = "multipart/form-data; boundary=X7") {
  return meta_of(ItemKind::kBody, type);
}

TEST(Multipart, FieldsAndFiles) {
  ContentBench bench;
  const std::string form = kForm;
  const RecordedItem& body = bench.one(form_meta(), form);
  ASSERT_EQ(bench.text.items.size(), 2u);
  const RecordedItem& file = *bench.text.items[1];

  const RecordedWindow* name = body.window_of("name");
  ASSERT_NE(name, nullptr);
  EXPECT_EQ(name->readings[0].text, "张伟");
  EXPECT_TRUE(name->break_before);
  EXPECT_TRUE(name->ends_run);
  const RecordedWindow* id = body.window_of("id");
  ASSERT_NE(id, nullptr);
  EXPECT_EQ(id->readings[0].text, "11010519491231002X");
  EXPECT_EQ(id->begin, form.find("11010519491231002X"));
  EXPECT_EQ(body.facts.decode_path, "http/multipart");
  EXPECT_EQ(body.facts.size, form.size());

  EXPECT_EQ(file.text(), "one,13812345678\r\ntwo--X7\r\n--X70 is no delimiter");
  EXPECT_EQ(file.facts.meta.kind, ItemKind::kPart);
  EXPECT_EQ(file.facts.meta.file_name, "a \"b\".csv");
  EXPECT_EQ(file.facts.meta.field, "file");
  EXPECT_EQ(file.facts.meta.declared_type, "text/csv");
  EXPECT_EQ(file.facts.ordinal, body.facts.ordinal);
  EXPECT_EQ(file.facts.part, 1u);
  EXPECT_EQ(body.facts.part, 0u);
  EXPECT_EQ(file.facts.top_kind, ItemKind::kBody);
  EXPECT_EQ(bench.ledger.unread_total(), 0u);
  // Headers and epilogue are text too.
  EXPECT_TRUE(body.says("Content-Disposition: form-data; name=\"file\""));
  EXPECT_TRUE(body.says("epilogue"));
}

TEST(Multipart, EverySplit) {
  const std::string form = kForm;
  std::string whole;
  for (size_t cut = 0; cut <= form.size(); ++cut) {
    ContentBench bench;
    bench.one(form_meta(), form, {cut});
    if (cut == 0) whole = bench.text.dump();
    ASSERT_EQ(bench.text.dump(), whole) << cut;
  }
  ContentBench bench;
  std::vector<size_t> cuts;
  for (size_t i = 0; i < form.size(); ++i) cuts.push_back(i);
  bench.one(form_meta(), form, cuts);
  EXPECT_EQ(bench.text.dump(), whole);
}

// Every byte is one event's, whatever the body.
class Count final : public MultipartEvents {
 public:
  void part_text(Bytes bytes) override { text += as_text(bytes); }
  void part_delimiter(uint64_t n) override {
    delimiters += n;
    text += "|";
  }
  void part_headers() override { text += "<"; }
  void part_begin(const PartHead&) override { text += ">"; }
  void part_outside() override { text += "."; }
  std::string text;
  uint64_t delimiters = 0;
};

std::string read(const std::string& body, const std::string& boundary, size_t step,
                 uint64_t* delimiters = nullptr) {
  MultipartReader reader(boundary, 1000);
  Count events;
  for (size_t at = 0; at < body.size(); at += step) {
    const ExactCopy piece(std::string_view(body).substr(at, step));
    reader.feed(piece.get(), events);
  }
  reader.finish(events);
  if (delimiters != nullptr) *delimiters = events.delimiters;
  return events.text;
}

TEST(Multipart, OddBodies) {
  const struct {
    const char* body;
    const char* boundary;
    const char* says;
  } cases[] = {
      {"--b\r\n\r\nx\r\n--b--", "b", "|<\r\n>x|."},
      {"--b\n\nx\n--b--\n", "b", "|<\n>x|."},                            // bare line feeds
      {"--b  \t\r\n\r\nx\r\n--b--  \r\n", "b", "|<\r\n>x|."},            // transport padding
      {"pre\r\n--b\r\n\r\n\r\n--b--\r\npost", "b", "pre|<\r\n>|.post"},  // an empty part
      {"--b\r\n\r\n--b--\r\n", "b", "|<\r\n>|."},                        // … without its line break
      {"--b\r\nA: 1\r\n--b--\r\n", "b", "|<A: 1\r\n>|."},                // no blank line
      {"--b\r\n\r\nx\r\n--bc\r\n--ab\r\n--b--", "b", "|<\r\n>x\r\n--bc\r\n--ab|."},  // not these
      {"--b\r\n\r\nno end\r\n-", "b", "|<\r\n>no end\r\n-"},
      {"--b\r\n\r\nx\r\r\n--b--", "b", "|<\r\n>x\r|."},
      {"no boundary at all\r\n--c\r\n", "b", "no boundary at all\r\n--c\r\n"},
      {"--undeclared\r\n\r\nx\r\n--undeclared--", "", "|<\r\n>x|."},
      {"text first\r\n--undeclared\r\n", "", "text first\r\n--undeclared\r\n"},
      {"", "b", ""},
  };
  for (const auto& c : cases) {
    const std::string body = c.body;
    uint64_t delimiters = 0;
    EXPECT_EQ(read(body, c.boundary, 1000, &delimiters), c.says) << body;
    uint64_t marks = 0;
    for (const char* s = c.says; *s != 0; ++s) marks += *s == '|' || *s == '<' || *s == '>' || *s == '.';
    EXPECT_EQ(delimiters + std::string_view(c.says).size() - marks, body.size()) << body;
    for (size_t step = 1; step < 9; ++step) EXPECT_EQ(read(body, c.boundary, step), c.says) << body << step;
  }
}

TEST(Multipart, LongLinesAndHeadersAreBounded) {
  const std::string line = "--b" + std::string(100'000, 'x');
  EXPECT_EQ(read("p\r\n" + line + "\r\n--b--", "b", 777), "p\r\n" + line + "|.");
  const std::string headers = "H: " + std::string(50'000, 'h');
  const std::string says = read("--b\r\n" + headers + "\r\n\r\nx\r\n--b--", "b", 1000);
  EXPECT_TRUE(says.starts_with("|<H: hhh"));
  EXPECT_NE(says.find('>'), std::string::npos);
  EXPECT_TRUE(says.ends_with("x|."));
}

TEST(Multipart, TooManyPartsAreText) {
  std::string body;
  for (int i = 0; i < 50; ++i) body += "--b\r\n\r\nfield\r\n";
  MultipartReader reader("b", 10);
  Count events;
  reader.feed(as_bytes(body), events);
  reader.finish(events);
  EXPECT_EQ(reader.parts(), 10u);
  EXPECT_EQ(std::count(events.text.begin(), events.text.end(), '|'), 10);
}

// One part more than are told apart: it and what follows it are text of the last, and nothing is unread.
TEST(Multipart, ThePartAfterTheThousandthIsReadAsText) {
  std::string form;
  for (int i = 1; i <= 1002; ++i) {
    form += "--X7\r\nContent-Disposition: form-data; name=\"f" + std::to_string(i) + "\"\r\n\r\n" +
            std::to_string(13'800'000'000 + i) + "\r\n";
  }
  form += "--X7--\r\n";
  ContentBench bench;
  const RecordedItem& body = bench.one(form_meta(), form);
  EXPECT_EQ(bench.text.items.size(), 1u);
  EXPECT_NE(body.window_of("f1000"), nullptr);
  EXPECT_EQ(body.window_of("f1001"), nullptr);
  for (const char* number : {"13800000001", "13800001000", "13800001001", "13800001002"}) {
    EXPECT_TRUE(body.says(number)) << number;
  }
  EXPECT_EQ(bench.ledger.unread_total(), 0u);
}

// The longest boundary that is believed, and one byte more: then the first line tells, if it is short enough.
TEST(Multipart, BoundariesAroundTheLimit) {
  for (const size_t size : {70u, 200u, 201u, 5000u}) {
    const std::string boundary(size, 'b');
    const std::string body = "--" + boundary + "\r\n\r\nfield,13812345678\r\n--" + boundary + "--\r\n";
    const std::string says = read(body, boundary, 64);
    EXPECT_NE(says.find("field,13812345678"), std::string::npos) << size;
    EXPECT_EQ(says.find(boundary) == std::string::npos, size <= 200) << size;
  }
}

TEST(Multipart, Nested) {
  const std::string inner =
      "--in\r\nContent-Disposition: attachment; filename=one.txt\r\n\r\n13812345678\r\n--in--\r\n";
  const std::string body =
      "--in-out\r\nContent-Disposition: form-data; name=files\r\nContent-Type: multipart/mixed; "
      "boundary=in\r\n\r\n" +
      inner + "\r\n--in-out\r\nContent-Disposition: form-data; name=last\r\n\r\nvalue\r\n--in-out--\r\n";
  ContentBench bench;
  const RecordedItem& top =
      bench.one(meta_of(ItemKind::kBody, "multipart/form-data; boundary=\"in-out\""), body);
  ASSERT_EQ(bench.text.items.size(), 3u);
  EXPECT_EQ(bench.text.items[1]->facts.part, 1u);
  EXPECT_EQ(bench.text.items[2]->facts.part, 2u);
  EXPECT_EQ(bench.text.items[2]->facts.meta.file_name, "one.txt");
  EXPECT_EQ(bench.text.items[2]->text(), "13812345678");
  EXPECT_EQ(bench.text.items[2]->facts.decode_path, "http/multipart/multipart");
  EXPECT_EQ(top.window_of("last")->readings[0].text, "value");
}

TEST(Multipart, AThousandDeepStops) {
  std::string body = "text";
  for (int i = 0; i < 1000; ++i) {
    body = "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + body;
  }
  ContentBench bench;
  bench.one(form_meta("multipart/form-data; boundary=b"), body);
  EXPECT_LE(bench.text.items.size(), 1010u);
  std::string all;
  for (const auto& item : bench.text.items) all += item->text();
  EXPECT_NE(all.find("text"), std::string::npos);
}

TEST(Multipart, PartsInGbkAndCoded) {
  ContentBench bench;
  const std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; charset=gbk\r\n\r\n"
      "\xc9\xed\xb7\xdd\xd6\xa4 11010519491231002X\r\n--b--\r\n";
  const RecordedItem& item = bench.one(form_meta("multipart/form-data; boundary=b"), body);
  ASSERT_NE(item.window_of("a"), nullptr);
  EXPECT_EQ(item.window_of("a")->readings[0].text, "身份证 11010519491231002X");
}

TEST(Multipart, BodiesOfPythonsEmail) {
  const std::string mime = vector_file("mime_form.bin");
  const std::string body =
      mime.substr(mime.find("\n\n") == std::string::npos ? mime.find("\r\n\r\n") + 4 : mime.find("\n\n") + 2);
  std::string whole;
  for (const size_t step : {1u, 77u, 1'000'000u}) {
    ContentBench bench;
    std::vector<size_t> cuts;
    for (size_t at = step; at < body.size(); at += step) cuts.push_back(at);
    bench.one(meta_of(ItemKind::kBody, "multipart/form-data; boundary=\"====b1==\""), body, cuts);
    ASSERT_EQ(bench.text.items.size(), 3u);
    EXPECT_EQ(bench.text.items[1]->text(), "张伟 11010519491231002X");
    EXPECT_EQ(bench.text.items[1]->facts.decode_path, "http/multipart/base64");
    EXPECT_EQ(bench.text.items[1]->facts.meta.file_name, "p.txt");
    EXPECT_TRUE(bench.text.items[2]->says("99,张伟99,11010519491231002X,13812340099"));
    EXPECT_EQ(bench.text.items[2]->facts.charset, "GB18030");
    if (whole.empty()) whole = bench.text.dump();
    EXPECT_EQ(bench.text.dump(), whole);
  }
}

TEST(Multipart, CodedBodies) {
  // The form within gzip, made by the test's own tool: stored blocks of RFC 1951 3.2.4 around it.
  const std::string form = kForm;
  std::string gzip("\x1f\x8b\x08\0\0\0\0\0\0\xff\x01", 11);
  gzip += static_cast<char>(form.size() & 0xff);
  gzip += static_cast<char>(form.size() >> 8);
  gzip += static_cast<char>(~form.size() & 0xff);
  gzip += static_cast<char>(~(form.size() >> 8) & 0xff);
  gzip += form;
  ContentBench bench;
  const RecordedItem& body = bench.one(meta_of(ItemKind::kBody, "multipart/form-data; boundary=X7", {"gzip"}),
                                       gzip, {5, 12, 40, 300});
  ASSERT_EQ(bench.text.items.size(), 2u);
  EXPECT_EQ(body.facts.decode_path, "http/gzip/multipart");
  EXPECT_EQ(body.window_of("id")->begin, form.find("11010519491231002X"));
  EXPECT_EQ(bench.text.items[1]->facts.decode_path, "http/gzip/multipart");
}

TEST(Multipart, AHoleInAFile) {
  const std::string form = kForm;
  const size_t at = form.find("13812345678") + 5;
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kBody, form_meta());
  bench.feed(id, form.substr(0, at), {}, 0);
  bench.flow->gap(id, at, 3);
  bench.feed(id, form.substr(at + 3), {}, at + 3);
  bench.flow->close(id, CloseReason::kComplete);
  ASSERT_EQ(bench.text.items.size(), 2u);
  const RecordedItem& file = *bench.text.items[1];
  EXPECT_EQ(file.facts.gap_bytes, 3u);
  EXPECT_EQ(file.runs()[0], "one,13812");
  EXPECT_EQ(file.runs()[1], "678\r\ntwo--X7\r\n--X70 is no delimiter");
}

TEST(Multipart, Heads) {
  const PartHead head = parse_part_head(
      "content-disposition: form-data; name=\"a;b\";\r\n filename*=UTF-8''%E5%BC%A0.txt\r\n"
      "Content-Type: text/plain\r\nContent-Transfer-Encoding: BASE64\r\nbroken\r\n\r\n");
  EXPECT_EQ(head.name, "a;b");
  EXPECT_EQ(head.file_name, "张.txt");
  EXPECT_TRUE(head.has_file_name);
  EXPECT_EQ(head.type, "text/plain");
  EXPECT_EQ(head.transfer_encoding, "base64");
  EXPECT_FALSE(parse_part_head("Content-Disposition: form-data; name=x\r\n").has_file_name);
  EXPECT_EQ(parse_part_head("Content-Disposition: form-data; filename=\"C:\\\\dir\\\\a.txt\"").file_name,
            "C:\\dir\\a.txt");
}

}  // namespace
}  // namespace weir
