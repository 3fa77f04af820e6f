// A move of an item's metadata takes all of it along, over whatever was there.
#include <gtest/gtest.h>

#include <string>

#include "parsers/api/item.h"

namespace weir {
namespace {

ContentMeta filled(const std::string& word) {
  ContentMeta meta;
  meta.kind = ItemKind::kPart;
  meta.direction = Direction::kFromResponder;
  meta.escapes = Escapes::kForm;
  meta.protocol = "http";
  meta.method = word + "1";
  meta.host = word + "2";
  meta.path = word + "3";
  meta.file_name = word + "4";
  meta.field = word + "5";
  meta.declared_type = word + "6";
  meta.codings = {word + "7"};
  meta.sender = word + "8";
  meta.recipients = {word + "9", "x"};
  meta.subject = word + "10";
  meta.message_id = word + "11";
  meta.user = word + "12";
  meta.forwarded_for = {word + "13"};
  meta.range = word + "14";
  meta.status = 200;
  meta.context = 7;
  meta.own_end = 9;
  meta.differs = true;
  return meta;
}

void expect_equal(const ContentMeta& a, const ContentMeta& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.direction, b.direction);
  EXPECT_EQ(a.escapes, b.escapes);
  EXPECT_EQ(a.protocol, b.protocol);
  EXPECT_EQ(a.method, b.method);
  EXPECT_EQ(a.host, b.host);
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.file_name, b.file_name);
  EXPECT_EQ(a.field, b.field);
  EXPECT_EQ(a.declared_type, b.declared_type);
  EXPECT_EQ(a.codings, b.codings);
  EXPECT_EQ(a.sender, b.sender);
  EXPECT_EQ(a.recipients, b.recipients);
  EXPECT_EQ(a.subject, b.subject);
  EXPECT_EQ(a.message_id, b.message_id);
  EXPECT_EQ(a.user, b.user);
  EXPECT_EQ(a.forwarded_for, b.forwarded_for);
  EXPECT_EQ(a.range, b.range);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.context, b.context);
  EXPECT_EQ(a.own_end, b.own_end);
  EXPECT_EQ(a.differs, b.differs);
}

TEST(ContentMeta, AMoveTakesAllOfItAlong) {
  const std::string words[] = {"short", std::string(100, 'w')};
  for (const std::string& word : words) {
    const ContentMeta source = filled(word);
    ContentMeta copy = source;
    expect_equal(ContentMeta(std::move(copy)), source);
    for (const ContentMeta& before : {ContentMeta(), filled("other"), filled(std::string(60, 'o'))}) {
      ContentMeta to = before;
      ContentMeta from = source;
      to = std::move(from);
      expect_equal(to, source);
      to = ContentMeta();
      expect_equal(to, ContentMeta());
    }
  }
}

}  // namespace
}  // namespace weir
