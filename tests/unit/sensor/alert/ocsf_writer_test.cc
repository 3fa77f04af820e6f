// What an alert says: names, values, what is masked, and that its JSON is what the schemas ask for.
#include "sensor/alert/ocsf_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sensor/alert/alert_storms.h"
#include "sensor/alert/alert_text.h"
#include "sensor/alert/alert_uid.h"
#include "sensor/alert/json_writer.h"
#include "tests/unit/sensor/alert/alert_fixture.h"

namespace weir::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kLogged = 1'795'430'000'000;

// Python: hashlib.blake2b(…, digest_size=16) over kind (1 byte), address and port (big endian) of initiator
// and responder, first packet in µs (8 bytes); then direction (1), ordinal and part (4 each); then the policy
// with its length (4), activity (1), revision (4).
TEST(AlertUid, IsBlake2bOverWhatTheCaptureSays) {
  Item item;
  EXPECT_EQ(flow_uid(item.flow), "3ac21618a3cbbb7d6dbea6ff0f6c15e4");
  EXPECT_EQ(item_uid(item.facts), "e124aa2cf04e2bd244c06b2c476b5e42");
  EXPECT_EQ(finding_uid(item.facts, "identity-outbound"), "e78596f0f57019f0333ce95c5044545a");
  EXPECT_EQ(revision_uid(item.facts, "identity-outbound", AlertActivity::kCreate, 1),
            "fd4cf6c675c6664acc949842e8f2d203");
  EXPECT_EQ(revision_uid(item.facts, "identity-outbound", AlertActivity::kUpdate, 2),
            "60e4eea0832d5e73f70beff7947f0713");
  // 999 ns more are the same microsecond.
  item.flow.first_packet += 543;
  EXPECT_EQ(flow_uid(item.flow), "3ac21618a3cbbb7d6dbea6ff0f6c15e4");
  item.flow.initiator = {ip("2001:db8::1"), 1, false, {}};
  item.flow.responder = {ip("2001:db8::2"), 65535, false, {}};
  item.flow.first_packet = 0;
  item.facts.meta.direction = Direction::kFromResponder;
  item.facts.ordinal = 0xffffffff;
  item.facts.part = 7;
  EXPECT_EQ(item_uid(item.facts), "0757941cfd54df764aabacfc07f36d36");
}

// One Create-and-final alert with a bit of everything.
struct Made {
  Worker w;
  Item item;
  Alert alert;
  json j;

  explicit Made(
      void (*prepare)(Worker&, Item&) = nullptr, bool ends = true,
      void (*change)(Finding&) = [](Finding&) {}) {
    w.policies.add(0, "also", 1, Severity::kLow);
    w.policies.add(0, "p", 1, Severity::kHigh);
    if (prepare != nullptr) prepare(w, item);
    ItemAlerts alerts(w.context);
    const Nanoseconds time = kStart + 5 * kMs;
    const auto find = [&](Finding finding, Nanoseconds at) {
      change(finding);
      tell(alerts, item, finding, at);
    };
    find(Item::finding(0, 1, 100), time);
    find(Item::finding(1, 2, 200, 100), time);
    find(Item::finding(0, 3, 300), time + kMs);
    if (ends) {
      item.end(item.facts.size == 0 ? 5000 : item.facts.size, kStart + 9 * kMs);
      alerts.on_end(item.facts, item.findings, kStart + 9 * kMs);
    } else {
      alerts.on_tick(item.facts, item.findings, kStart + 9 * kSecond);
    }
    EXPECT_EQ(w.sink.alerts.size(), 1u);
    alert = w.sink.alerts.at(0);
    j = json::parse(write_ocsf(alert, {"tenant-1", "edge-1"}, 42, kLogged));
  }
};

TEST(OcsfWriter, SaysWhatTheTableSays) {
  const Made m;
  const json& j = m.j;
  EXPECT_EQ(j["class_uid"], 2006);
  EXPECT_EQ(j["activity_id"], 1);
  EXPECT_EQ(j["type_uid"], 200601);
  EXPECT_EQ(j["time"], 1'795'421'700'005);
  EXPECT_EQ(j["start_time"], 1'795'421'700'001);
  EXPECT_EQ(j["end_time"], 1'795'421'700'009);
  EXPECT_EQ(j["metadata"]["sequence"], 42);
  EXPECT_EQ(j["metadata"]["logged_time"], kLogged);
  EXPECT_EQ(j["metadata"]["tenant_uid"], "tenant-1");
  EXPECT_EQ(j["metadata"]["reporter"]["name"], "edge-1");
  EXPECT_EQ(j["metadata"]["correlation_uid"], "3ac21618a3cbbb7d6dbea6ff0f6c15e4");
  EXPECT_EQ(j["severity_id"], 4);
  EXPECT_EQ(j["confidence_id"], 3);
  EXPECT_EQ(j["finding_info"]["title"], "Title of p");
  EXPECT_EQ(j["finding_info"]["types"], json::array({"identity", "contact"}));
  EXPECT_EQ(j["finding_info"]["first_seen_time"], 1'795'421'700'005);
  EXPECT_EQ(j["finding_info"]["last_seen_time"], 1'795'421'700'006);
  EXPECT_EQ(j["finding_info"]["analytic"]["uid"], "p");
  EXPECT_EQ(j["data_security"]["category_id"], 1);
  EXPECT_EQ(j["data_security"]["total"], 3);
  EXPECT_EQ(j["data_security"]["size"], 5000);
  EXPECT_EQ(j["data_security"]["status_id"], 1);
  // What the policy named comes first, though the other scores higher.
  EXPECT_EQ(j["data_security"]["discovery_details"][0]["type"], "cn.resident_id");
  EXPECT_EQ(j["data_security"]["discovery_details"][0]["count"], 2);
  EXPECT_EQ(j["data_security"]["discovery_details"][0]["value"], "110***********0123");
  EXPECT_EQ(j["data_security"]["discovery_details"][0]["occurrences"][0]["column_name"], "id_no");
  EXPECT_EQ(j["data_security"]["discovery_details"][1]["type"], "cn.mobile");
  EXPECT_EQ(j["src_endpoint"]["ip"], "10.0.0.5");
  EXPECT_EQ(j["src_endpoint"]["mac"], "02:00:00:00:00:01");
  EXPECT_EQ(j["src_endpoint"]["network_scope_id"], 1);
  EXPECT_EQ(j["dst_endpoint"]["port"], 8080);
  EXPECT_EQ(j["dst_endpoint"]["hostname"], "shop.example");
  EXPECT_EQ(j["dst_endpoint"]["network_scope_id"], 2);
  EXPECT_FALSE(j.contains("file"));
  EXPECT_FALSE(j.contains("actor"));
  const json& u = j["unmapped"];
  EXPECT_EQ(u["revision"], 1);
  EXPECT_EQ(u["final"], true);
  EXPECT_EQ(u["policies"], json::array({"also"}));
  EXPECT_EQ(u["direction"], "outbound");
  EXPECT_EQ(u["initiator"], "src");
  EXPECT_EQ(u["url"], "http://shop.example:8080/up");
  EXPECT_EQ(u["decode_path"], "http/gzip");
  EXPECT_EQ(u["community_id"], "1:qFpJRfb0tj8PokXVBJpn34n8rzw=");
  EXPECT_EQ(u["detectors"][0]["reasons"], json::array({"shape", "keyword", "several"}));
  EXPECT_EQ(u["detectors"][0]["matches"], 2);
  EXPECT_EQ(u["detectors"][0]["keyword"], "身份证");
  EXPECT_EQ(u["detectors"][0]["excerpt"], "{\"xxxx\":\"字字\",\"身份证\":\"999999999999999999\"}");
  EXPECT_EQ(u["subjects"].size(), 3u);
  EXPECT_EQ(u["subjects"][0]["token"], "k5eed0001:01000000000000000000000000000001");
  EXPECT_EQ(u["inspection"], json({{"seen", 5000}, {"read", 5000}}));
  EXPECT_EQ(u["articles"], json::array({4}));
  EXPECT_EQ(u["sensitivity"]["jrt0171"], json::array({"C2"}));
  EXPECT_EQ(u["title_zh"], "标题 p");
  EXPECT_EQ(u["message_zh"],
            "标题 p：居民身份证号码 2 个（110***********0123，置信度高）、手机号码 1 "
            "个；流出，10.0.0.5:50000 → shop.example "
            "(203.0.113.9:8080)，http POST");
  EXPECT_EQ(
      j["message"],
      "Title of p: 2 × Resident identity number (110***********0123, high), 1 × Mobile number; going out, "
      "10.0.0.5:50000 → shop.example (203.0.113.9:8080), http POST");
  EXPECT_EQ(j["attacks"][0]["tactic"]["uid"], "TA0010");
  EXPECT_EQ(j["attacks"][0]["technique"]["uid"], "T1567");
}

TEST(OcsfWriter, WhatIsNotFinalIsAbsent) {
  const Made m([](Worker&, Item& item) { item.facts.meta.file_name = "a.csv"; }, false);
  EXPECT_EQ(m.j["unmapped"]["final"], false);
  EXPECT_FALSE(m.j["unmapped"].contains("inspection"));
  EXPECT_FALSE(m.j["file"].contains("size"));
  for (const char* key : {"total", "size", "status_id", "status_details"}) {
    EXPECT_FALSE(m.j["data_security"].contains(key)) << key;
  }
}

TEST(OcsfWriter, TellsWhatWasNotRead) {
  const Made m([](Worker&, Item& item) {
    item.facts.size = 100;
    item.facts.unread[static_cast<size_t>(Unread::kUndecodable)] = 30;
    item.facts.gap_bytes = 7;
    item.facts.end_reason = CloseReason::kTruncated;
  });
  EXPECT_EQ(m.j["data_security"]["status_id"], 2);
  EXPECT_EQ(m.j["data_security"]["status_details"], json::array({"undecodable", "gap", "truncated"}));
  EXPECT_EQ(m.j["unmapped"]["inspection"],
            json({{"seen", 100}, {"read", 70}, {"gap", 7}, {"reasons", {{"undecodable", 30}}}}));
}

TEST(OcsfWriter, TellsWhereTheDepthLimitCutTheItem) {
  const Made m([](Worker&, Item& item) {
    item.facts.size = 100;
    item.facts.cut_by = Unread::kDepth;
    item.facts.end_reason = CloseReason::kTruncated;
  });
  EXPECT_EQ(m.j["data_security"]["status_id"], 2);
  EXPECT_EQ(m.j["data_security"]["status_details"], json::array({"depth"}));
  EXPECT_EQ(m.j["unmapped"]["inspection"], json({{"seen", 100}, {"read", 100}, {"cut_by", "depth"}}));
}

TEST(OcsfWriter, EveryStringFromTheWireWasMasked) {
  const Made m(
      [](Worker& w, Item& item) {
        w.masker.show = true;
        ContentMeta& meta = item.facts.meta;
        meta.method = "SECRETm";
        meta.host = "SECRETh.example";
        meta.path = "/SECRETp?SECRETq=SECRETv";
        meta.file_name = "SECRETf.csv";
        meta.field = "SECRETfield";
        meta.declared_type = "SECRET/SECRET";
        meta.user = "SECRETu";
        meta.sender = "SECRETs@x";
        meta.recipients = {"SECRETr@x", "b@x"};
        meta.subject = "SECRETsub";
        meta.message_id = "<SECRETid@x>";
        item.facts.decode_path = "http/SECRET";
        item.facts.charset = "SECRETc";
      },
      true,
      [](Finding& f) {
        f.masked = "z***@SECRET.example";
        f.field = "SECRETcolumn";
      });
  const std::string text = m.j.dump() + alert_line(m.alert) + message_en(m.alert) + message_zh(m.alert);
  EXPECT_THAT(text, HasSubstr("z***@******.example")) << "the value's own mask is shown, and was masked";
  EXPECT_THAT(text, Not(HasSubstr("SECRET")));
  EXPECT_THAT(text, Not(HasSubstr("secret"))) << "masked in its own letters, lower case comes after";
}

TEST(OcsfWriter, NothingFromTheWireGoesRoundTheMasker) {
  const Made m([](Worker& w, Item& item) {
    w.masker.show = true;
    ContentMeta& meta = item.facts.meta;
    meta.host = "h.example";
    meta.path = "/p?q=v";
    meta.file_name = "f.csv";
    meta.field = "fd";
    meta.declared_type = "text/csv";
    meta.user = "u";
    meta.sender = "s";
    meta.recipients = {"r"};
    meta.subject = "sub";
    meta.message_id = "id";
  });
  const json& u = m.j["unmapped"];
  EXPECT_EQ(u["method"], "‹POST›");
  EXPECT_EQ(m.j["data_security"]["discovery_details"][0]["value"], "‹110***********0123›") << "a mask too";
  EXPECT_EQ(m.alert.best()->masked, "‹110***********0123›") << "what messages and lines show";
  EXPECT_EQ(u["host"], "‹h.example›");
  EXPECT_EQ(m.j["dst_endpoint"]["hostname"], "‹h.example›");
  EXPECT_EQ(u["url"], "‹http://h.example/p?q=***›");
  EXPECT_EQ(m.j["file"]["name"], "‹f.csv›");
  EXPECT_EQ(u["media_type"], "‹text/csv›");
  EXPECT_EQ(u["field"], "«fd»");
  EXPECT_EQ(m.j["actor"]["user"]["name"], "‹u›");
  EXPECT_EQ(u["mail"],
            json({{"from", "‹s›"}, {"to", {"‹r›"}}, {"subject", "‹sub›"}, {"message_id", "‹id›"}}));
  EXPECT_EQ(u["decode_path"], "‹http/gzip›");
  EXPECT_EQ(u["charset"], "‹GB18030›");
  EXPECT_EQ(u["detectors"][0]["field"], "«id_no»");
  EXPECT_EQ(m.j["data_security"]["discovery_details"][0]["occurrences"][0]["column_name"], "«id_no»");
}

TEST(OcsfWriter, AFieldOfJsonIsAPath) {
  const Made m(
      [](Worker&, Item& item) { item.facts.meta.declared_type = "application/json; charset=utf-8"; });
  EXPECT_EQ(m.j["data_security"]["discovery_details"][0]["occurrences"][0]["json_path"], "$..['id_no']");
}

TEST(OcsfWriter, AResponseGoesFromTheResponder) {
  const Made m([](Worker&, Item& item) {
    item.facts.meta.direction = Direction::kFromResponder;
    item.facts.meta.forwarded_for = {"198.51.100.3"};
  });
  EXPECT_EQ(m.j["src_endpoint"]["ip"], "203.0.113.9");
  EXPECT_EQ(m.j["src_endpoint"]["hostname"], "shop.example");
  EXPECT_EQ(m.j["dst_endpoint"]["intermediate_ips"], json::array({"198.51.100.3"}));
  EXPECT_EQ(m.j["unmapped"]["initiator"], "dst");
  EXPECT_EQ(m.j["unmapped"]["direction"], "inbound");
  EXPECT_FALSE(m.j["attacks"][0].contains("technique"));
}

TEST(OcsfWriter, OnlyWholeNamedFilesFrom64KibibytesHaveAHash) {
  const std::string digest(64, 'a');
  const auto hashes = [&](uint64_t size, const char* name, uint64_t gap, const std::string& sha256) {
    Made m;
    m.alert.file_name = name;
    m.alert.whole->size = size;
    m.alert.whole->gap_bytes = gap;
    m.alert.whole->sha256 = sha256;
    const std::string text = write_ocsf(m.alert, {}, 1, kLogged);
    EXPECT_EQ(text.find(digest) != std::string::npos, text.find("hashes") != std::string::npos);
    return text.find("hashes") != std::string::npos;
  };
  EXPECT_TRUE(hashes(65'536, "a.csv", 0, digest));
  EXPECT_FALSE(hashes(65'535, "a.csv", 0, digest));
  EXPECT_FALSE(hashes(65'536, "", 0, digest));
  EXPECT_FALSE(hashes(65'536, "a.csv", 1, digest));
  EXPECT_FALSE(hashes(65'536, "a.csv", 0, ""));
}

TEST(OcsfWriter, SubjectsHaveALimit) {
  const Made m([](Worker& w, Item&) { w.context.options.max_subjects = 1; });
  EXPECT_EQ(m.j["unmapped"]["subjects"].size(), 1u);
  EXPECT_EQ(m.j["unmapped"]["subjects_left_out"], 2);
}

TEST(OcsfWriter, TheRecordCarriesWhatASinkNeeds) {
  const Made m;
  const Record r = make_record(m.alert, {}, 7, kLogged);
  EXPECT_EQ(r.topic_kind, "alerts");
  EXPECT_EQ(r.schema, "alert/1");
  EXPECT_EQ(r.type, "weir.alert.create");
  EXPECT_EQ(r.id, m.j["metadata"]["uid"]);
  EXPECT_EQ(r.key, m.j["finding_info"]["uid"]);
  // What a broker and its logs see besides the record: hashes, and nothing of the wire.
  for (const std::string& name : {r.key, r.id}) {
    EXPECT_EQ(name.size(), 32u);
    EXPECT_EQ(name.find_first_not_of("0123456789abcdef"), std::string::npos) << name;
  }
  EXPECT_EQ(r.time_ms, m.j["time"]);
  EXPECT_EQ(json::parse(r.json)["metadata"]["sequence"], 7);
  EXPECT_EQ(r.json.find('\n'), std::string::npos);
}

TEST(OcsfWriter, OneLineForAPerson) {
  const Made m([](Worker&, Item& item) { item.facts.meta.file_name = "a\x1b[31m.csv"; });
  EXPECT_EQ(alert_line(m.alert),
            "2026-11-23 08:15:00  HIGH      2 × Resident identity number (110***********0123, high), 1 × "
            "Mobile number"
            "  10.0.0.5:50000 → shop.example (203.0.113.9:8080)  http POST a [31m.csv");
}

TEST(JsonWriter, WritesWhatAParserReadsBack) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  all += "身份证😀\xef\xbf\xbf";
  JsonWriter j;
  j.begin_object();
  j.field("text", all);
  j.field("max", UINT64_MAX);
  j.field("min", INT64_MIN);
  j.key("empty");
  j.begin_array();
  j.end_array();
  j.field("yes", true);
  j.end_object();
  const json back = json::parse(j.take());
  EXPECT_EQ(back["text"], all);
  EXPECT_EQ(back["max"], UINT64_MAX);
  EXPECT_EQ(back["min"], INT64_MIN);
  EXPECT_EQ(back["empty"], json::array());
  EXPECT_EQ(back["yes"], true);
}

// Ill-formed UTF-8 of every kind (Unicode 15, table 3-7): nlohmann's parser refuses what is not UTF-8.
TEST(JsonWriter, WhatIsNoUtf8IsReplaced) {
  const std::string bad[] = {"\x80",
                             "\xc0\xaf",
                             "\xc3",
                             "\xe0\x80\xaf",
                             "\xed\xa0\x80",
                             "\xf0\x80\x80\xaf",
                             "\xf4\x90\x80\x80",
                             "\xf5\x80\x80\x80",
                             "\xff",
                             "\xe6\x9d",
                             "\xf0\x9f\x98"};
  for (const std::string& text : bad) {
    JsonWriter j;
    j.begin_array();
    j.text("a" + text + "b");
    j.end_array();
    const std::string read = json::parse(j.take())[0];
    EXPECT_THAT(read, testing::StartsWith("a\xef\xbf\xbd"));
    EXPECT_THAT(read, testing::EndsWith("b"));
  }
}

// Alerts of every shape through the closed schema and OCSF's own, by Python's jsonschema.
TEST(OcsfWriter, AlertsHoldTheSchemas) {
  std::vector<std::string> lines;
  const auto add = [&](const Made& m) {
    lines.push_back(write_ocsf(m.alert, {"t", "s"}, lines.size() + 1, kLogged));
  };
  add(Made());
  add(Made(nullptr, false));
  add(Made([](Worker&, Item& item) {
    ContentMeta& meta = item.facts.meta;
    meta.kind = ItemKind::kPart;
    meta.file_name = "名单.xlsx";
    meta.declared_type = "application/json";
    meta.user = "bob";
    meta.field = "upload";
    meta.status = 200;
    meta.sender = "a@x.example";
    meta.recipients = {"b@x.example"};
    meta.subject = "s";
    meta.message_id = "<1@x>";
    meta.forwarded_for = {"198.51.100.3", "2001:db8::9"};
    item.flow.vlans = {100, 7};
    item.flow.tunnels = {"vxlan:100"};
    item.facts.part = 2;
    item.facts.gap_bytes = 5;
    item.facts.size = 900;
    for (uint64_t& n : item.facts.unread) n = 3;
    item.facts.end_reason = CloseReason::kMalformed;
  }));
  add(Made([](Worker&, Item& item) {  // nothing known but the flow
    item.flow = {};
    item.flow.initiator = {ip("fd00::1"), 0, false, {}};
    item.flow.responder = {ip("fd00::2"), 65535, false, {}};
    item.flow.transport = kProtoUdp;
    item.facts = {};
    item.facts.flow = &item.flow;
    item.facts.meta.kind = ItemKind::kDatagram;
    item.facts.meta.protocol = "raw";
    item.facts.ordinal = 1;
  }));
  add(Made([](Worker&, Item& item) { item.facts.meta.protocol = "raw"; }));
  add(Made([](Worker& w, Item&) { w.policies.rows[1].facts.named = {true, false, false}; }));
  Made hashed([](Worker&, Item& item) { item.facts.meta.file_name = "big.csv"; });
  hashed.alert.whole->size = 70'000;
  hashed.alert.whole->sha256 = std::string(64, 'e');
  add(hashed);
  Made update;
  update.alert.activity = AlertActivity::kUpdate;
  update.alert.revision = 2;
  update.alert.detectors.clear();  // the item's end took it all back
  update.alert.subjects.clear();
  add(update);
  for (int s = 1; s <= 5; ++s) {
    Made m;
    m.alert.severity = static_cast<Severity>(s);
    for (AlertDetector& d : m.alert.detectors) {
      d.score = 20 * s;
      d.at_least = true;
      d.category = static_cast<Category>(s);
    }
    add(m);
  }
  AlertStorms storms;
  storms.fold(Made().alert);
  storms.fold(update.alert);
  lines.push_back(write_ocsf(storms.front(), {"t", "s"}, lines.size() + 1, kLogged));
  storms.pop();
  storms.fold(update.alert);  // nothing of any detector
  lines.push_back(write_ocsf(storms.front(), {"t", "s"}, lines.size() + 1, kLogged));

  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("weir_alerts_" + std::to_string(::getpid()) + ".jsonl");
  {
    std::ofstream out(file);
    for (const std::string& line : lines) out << line << '\n';
  }
  const std::string command = "python3 -B tests/unit/sensor/alert/alerts_valid.py " + file.string();
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace weir::test
