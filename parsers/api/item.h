// Items: what a parser takes out of a flow, and where it hands it.
//
// A parser opens items, many at once (HTTP/2 streams, SMB handles), each with a parent. It gives an
// item its bytes at offsets, tells of holes, adds what it learns late (a file name), and closes it.
// The sink (sensor/content) undoes content codings and turns the bytes into text; a parser undoes only
// its own framing (chunked).
//
// Order of calls for one item: open, then any number of data / gap / meta, then close. Offsets grow;
// a jump over bytes is told by gap() first. Everything borrowed is valid for the call only. The sink
// never throws. An item that a parser forgot is closed by the sink at the flow's end (CloseReason::kFlowEnd).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/api/types.h"
#include "parsers/wire/bytes.h"

namespace weir {

// Names an item within its flow. 0 is "none": no parent, or an item the sink refused (its budget is
// full); calls on a refused item are allowed and do nothing.
using ItemId = uint32_t;
inline constexpr ItemId kNoItem = 0;

// What kind of thing an item is. A kMessage has no bytes of its own: it carries the metadata that its
// children share.
// kLate and kConflict are extra versions of stream bytes that were passed on (or given up) before.
enum class ItemKind : uint8_t {
  kMessage,
  kUrl,
  kHeaders,
  kBody,
  kPart,
  kDatagram,
  kRawStream,
  kLate,
  kConflict,
};
constexpr std::string_view name_of(ItemKind kind) {
  constexpr std::string_view kNames[] = {"message",  "url", "headers", "body",    "part",
                                         "datagram", "raw", "late",    "conflict"};
  return kNames[static_cast<size_t>(kind)];
}

// How an item's bytes may be read beyond plain text.
enum class Escapes : uint8_t {
  kAny,   // percent and \uXXXX escapes are looked for
  kForm,  // and "+" is a space (query strings, application/x-www-form-urlencoded)
};

// Everything a parser knows of an item. Strings are the wire's own: untrusted, in any charset, cut to
// kMaxMetaLength by whoever fills them; nothing here may leave the sensor unmasked. Empty = unknown.
inline constexpr size_t kMaxMetaLength = 4096;
struct ContentMeta {
  ContentMeta() = default;
  ContentMeta(const ContentMeta&) = default;
  ContentMeta& operator=(const ContentMeta&) = default;
  // A move costs what is there: most strings of most items are empty.
  ContentMeta(ContentMeta&& from) noexcept : ContentMeta() { *this = std::move(from); }
  ContentMeta& operator=(ContentMeta&& from) noexcept;
  ~ContentMeta() = default;

  ItemKind kind = ItemKind::kRawStream;
  Direction direction = Direction::kFromInitiator;
  Escapes escapes = Escapes::kAny;
  std::string_view protocol;  // static: "http", "raw", …
  std::string method;         // request method or command, e.g. "POST"
  std::string host;           // authority without user info: "shop.example:8080"
  std::string path;           // request target as on the wire, query included
  std::string file_name;
  std::string field;                 // form field this item is the value of
  std::string declared_type;         // e.g. "text/html; charset=gbk", as on the wire
  std::vector<std::string> codings;  // content codings in the order they were applied, e.g. {"gzip"}
  std::string sender;
  std::vector<std::string> recipients;
  std::string subject;
  std::string message_id;
  std::string user;                        // who acted, as the protocol says
  std::vector<std::string> forwarded_for;  // client addresses from X-Forwarded-For / Forwarded
  std::string range;                       // which part of a whole a body is, e.g. "bytes 0-499/1234"
  int32_t status = 0;                      // response status
  // Its first bytes stand before it in the stream and were handed over in another item: read again so that a
  // value across the seam is found, not counted again.
  uint32_t context = 0;
  // The same of its last bytes, from this item offset on.
  uint64_t own_end = UINT64_MAX;
  bool differs = false;  // known to differ from the stream, or to be read otherwise by some receivers
};

// All strings and lists of it.
inline constexpr std::string ContentMeta::*kMetaStrings[] = {
    &ContentMeta::method,     &ContentMeta::host,          &ContentMeta::path,   &ContentMeta::file_name,
    &ContentMeta::field,      &ContentMeta::declared_type, &ContentMeta::sender, &ContentMeta::subject,
    &ContentMeta::message_id, &ContentMeta::user,          &ContentMeta::range};
inline constexpr std::vector<std::string> ContentMeta::*kMetaLists[] = {
    &ContentMeta::codings, &ContentMeta::recipients, &ContentMeta::forwarded_for};
static_assert(sizeof(ContentMeta) ==
                  sizeof(kMetaStrings) / sizeof(kMetaStrings[0]) * sizeof(std::string) +
                      sizeof(kMetaLists) / sizeof(kMetaLists[0]) * sizeof(std::vector<std::string>) + 48,
              "a new field belongs into the move below, and into the lists above");

inline ContentMeta& ContentMeta::operator=(ContentMeta&& from) noexcept {
  kind = from.kind;
  direction = from.direction;
  escapes = from.escapes;
  protocol = from.protocol;
  status = from.status;
  context = from.context;
  own_end = from.own_end;
  differs = from.differs;
  const auto take = [&](auto member) {
    auto& to = this->*member;
    auto& source = from.*member;
    if (!source.empty()) {
      to = std::move(source);
    } else if (!to.empty()) {
      to.clear();
    }
  };
  for (const auto member : kMetaStrings) take(member);
  for (const auto member : kMetaLists) take(member);
  return *this;
}

enum class CloseReason : uint8_t {
  kComplete,   // the protocol said this is the end
  kTruncated,  // the flow ended or jumped before the end, or its beginning was not seen
  kMalformed,  // framing broke; what came before is good
  kFlowEnd,    // the flow ended (an endless item: a normal end)
  kCut,        // an endless item was cut; more follows in the next one
};

class ContentSink {
 public:
  virtual ~ContentSink() = default;

  // Opens an item under `parent` (kNoItem: directly under the flow) and names it. The direction's item
  // ordinal, part of every alert's uid, counts these calls: open items in the order of their bytes.
  virtual ItemId open(ContentMeta&& meta, ItemId parent) = 0;
  // `bytes` stand at `offset` of the item, after transfer coding, before content coding.
  virtual void data(ItemId item, uint64_t offset, Bytes bytes) = 0;
  // `n` bytes of the item from `offset` on never came.
  virtual void gap(ItemId item, uint64_t offset, uint64_t n) = 0;
  // Late metadata: non-empty fields replace what was known. Kind, direction and protocol stay.
  virtual void meta(ItemId item, const ContentMeta& update) = 0;
  virtual void close(ItemId item, CloseReason why) = 0;
  // The protocol shows that `side` is who asks here, the client; `sure`: by what cannot be a body that speaks
  // of the protocol. The first sure word counts, and until it comes the last one; it comes before
  // the items that show it where that can be. Where the capture did not show who opened the flow, initiator
  // is who asks from then on, in all that is said of the flow. Directions in these calls stay as they are.
  virtual void asks(Direction /*side*/, bool /*sure*/ = true) {}
  // `n` bytes of the flow in `direction` were recognised as not readable (e.g. TLS records).
  virtual void unread(Direction direction, Unread why, uint64_t n) = 0;
};

}  // namespace weir
