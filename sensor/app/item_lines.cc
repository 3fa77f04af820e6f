#include "sensor/app/item_lines.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "sensor/alert/wire_strings.h"
#include "sensor/match/matcher.h"

namespace weir {

namespace {

std::string_view name_of_close(CloseReason why) {
  switch (why) {
    case CloseReason::kComplete:
      return "complete";
    case CloseReason::kTruncated:
      return "truncated";
    case CloseReason::kMalformed:
      return "malformed";
    case CloseReason::kFlowEnd:
      return "flow_end";
    case CloseReason::kCut:
      return "cut";
  }
  return "unknown";
}

}  // namespace

ItemLines::ItemLines(std::shared_ptr<const PatternSet> patterns)
    : sink_(STDOUT_FILENO, "standard output"), masker_(make_metadata_masker(std::move(patterns))) {}

void ItemLines::on_item(const ItemFacts& facts) {
  const ContentMeta& meta = facts.meta;
  nlohmann::ordered_json line;
  line["flow"] = community_id_of(*facts.flow);
  line["protocol"] = meta.protocol;
  line["direction"] = meta.direction == Direction::kFromInitiator ? "initiator" : "responder";
  line["kind"] = name_of(meta.kind);
  line["ordinal"] = facts.ordinal;
  if (facts.part != 0) line["part"] = facts.part;
  const auto text = [&](const char* key, std::string_view value) {
    if (!value.empty()) line[key] = masker_->mask(value);
  };
  text("method", meta.method);
  if (!meta.host.empty()) line["host"] = masked_host(*masker_, meta.host, facts.flow);
  ContentMeta target;  // the path alone: query values are masked whole
  target.path = meta.path;
  if (!meta.path.empty()) line["path"] = masked_url(*masker_, target, facts.flow);
  text("file_name", meta.file_name);
  text("declared_type", meta.declared_type);
  if (meta.status != 0) line["status"] = meta.status;
  line["size"] = facts.size;
  line["wire_bytes"] = facts.wire_bytes;
  if (facts.gap_bytes != 0) line["gap_bytes"] = facts.gap_bytes;
  for (size_t i = 0; i < kUnreadReasons; ++i) {
    if (facts.unread[i] != 0) line["unread"][std::string(kUnreadNames[i])] = facts.unread[i];
  }
  text("decode_path", facts.decode_path);
  text("charset", facts.charset);
  line["close"] = name_of_close(facts.end_reason);
  Record record;
  record.json = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  sink_.write(record);
  sink_.flush();
}

}  // namespace weir
