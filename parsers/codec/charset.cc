// Labels, and tables from ICU. The conversions are in charset_convert.cc, detection in charset_detect.cc.
#include "parsers/codec/charset.h"

#include <unicode/ucnv.h>
#include <unicode/utf16.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "parsers/codec/charset_tables.h"

namespace weir {

namespace {

struct Label {
  std::string_view label;
  std::string_view charset;
};

// The labels of the WHATWG Encoding Standard for the charsets that it reads otherwise than ICU's registry,
// or that Weir reads itself. Sorted by label.
constexpr Label kLabels[] = {
    {"ansi_x3.4-1968", "windows-1252"},
    {"ascii", "windows-1252"},
    {"big5", "Big5"},
    {"big5-hkscs", "Big5"},
    {"chinese", "GB18030"},
    {"cn-big5", "Big5"},
    {"cp1252", "windows-1252"},
    {"cp819", "windows-1252"},
    {"cp936", "GB18030"},
    {"cp950", "Big5"},
    {"csbig5", "Big5"},
    {"cseuckr", "EUC-KR"},
    {"cseucpkdfmtjapanese", "EUC-JP"},
    {"csgb2312", "GB18030"},
    {"csiso58gb231280", "GB18030"},
    {"csisolatin1", "windows-1252"},
    {"csksc56011987", "EUC-KR"},
    {"csshiftjis", "Shift_JIS"},
    {"csunicode", "UTF-16LE"},
    {"dos-874", "windows-874"},
    {"euc-cn", "GB18030"},
    {"euc-jp", "EUC-JP"},
    {"euc-kr", "EUC-KR"},
    {"gb18030", "GB18030"},
    {"gb2312", "GB18030"},
    {"gb_2312", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"gbk", "GB18030"},
    {"ibm819", "windows-1252"},
    {"iso-10646-ucs-2", "UTF-16LE"},
    {"iso-8859-1", "windows-1252"},
    {"iso-8859-11", "windows-874"},
    {"iso-8859-9", "windows-1254"},
    {"iso-ir-100", "windows-1252"},
    {"iso-ir-148", "windows-1254"},
    {"iso-ir-149", "EUC-KR"},
    {"iso-ir-58", "GB18030"},
    {"iso8859-1", "windows-1252"},
    {"iso8859-11", "windows-874"},
    {"iso8859-9", "windows-1254"},
    {"iso88591", "windows-1252"},
    {"iso885911", "windows-874"},
    {"iso88599", "windows-1254"},
    {"iso_8859-1", "windows-1252"},
    {"iso_8859-1:1987", "windows-1252"},
    {"iso_8859-9", "windows-1254"},
    {"korean", "EUC-KR"},
    {"ks_c_5601-1987", "EUC-KR"},
    {"ks_c_5601-1989", "EUC-KR"},
    {"ksc5601", "EUC-KR"},
    {"ksc_5601", "EUC-KR"},
    {"l1", "windows-1252"},
    {"l5", "windows-1254"},
    {"latin1", "windows-1252"},
    {"latin5", "windows-1254"},
    {"ms932", "Shift_JIS"},
    {"ms936", "GB18030"},
    {"ms_kanji", "Shift_JIS"},
    {"shift-jis", "Shift_JIS"},
    {"shift_jis", "Shift_JIS"},
    {"sjis", "Shift_JIS"},
    {"tis-620", "windows-874"},
    {"ucs-2", "UTF-16LE"},
    {"unicode", "UTF-16LE"},
    {"unicode-1-1-utf-8", "UTF-8"},
    {"unicode11utf8", "UTF-8"},
    {"unicode20utf8", "UTF-8"},
    {"unicodefeff", "UTF-16LE"},
    {"unicodefffe", "UTF-16BE"},
    {"us-ascii", "windows-1252"},
    {"utf-16", "UTF-16LE"},
    {"utf-16be", "UTF-16BE"},
    {"utf-16le", "UTF-16LE"},
    {"utf-32", "UTF-32LE"},
    {"utf-32be", "UTF-32BE"},
    {"utf-32le", "UTF-32LE"},
    {"utf-8", "UTF-8"},
    {"utf8", "UTF-8"},
    {"windows-1252", "windows-1252"},
    {"windows-31j", "Shift_JIS"},
    {"windows-936", "GB18030"},
    {"windows-949", "EUC-KR"},
    {"windows-950", "Big5"},
    {"x-cp1252", "windows-1252"},
    {"x-euc-jp", "EUC-JP"},
    {"x-gbk", "GB18030"},
    {"x-sjis", "Shift_JIS"},
    {"x-unicode20utf8", "UTF-8"},
    {"x-x-big5", "Big5"},
};
static_assert(std::ranges::is_sorted(kLabels, {}, &Label::label));

// ICU's converter for a name of ours, where it differs.
std::string icu_name(const std::string& name) {
  if (name == "Big5") return "ibm-1375_P100-2008";  // with the Hong Kong supplement, as WHATWG has it
  if (name == "Shift_JIS") return "ibm-943_P15A-2003";
  if (name == "EUC-JP") return "euc-jp-2007";
  if (name == "EUC-KR") return "windows-949-2000";
  return name;
}

struct ConverterCloser {
  void operator()(UConverter* c) const { ucnv_close(c); }
};
using ConverterPtr = std::unique_ptr<UConverter, ConverterCloser>;

ConverterPtr open_converter(const std::string& name) {
  UErrorCode error = U_ZERO_ERROR;
  ConverterPtr c(ucnv_open(name.c_str(), &error));
  if (U_FAILURE(error)) return nullptr;
  ucnv_setToUCallBack(c.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  return U_FAILURE(error) ? nullptr : std::move(c);
}

// The one character that `bytes` are, or -1.
int32_t one_character(UConverter* c, std::string_view bytes) {
  UChar out[4] = {};
  UChar* to = out;
  const char* from = bytes.data();
  UErrorCode error = U_ZERO_ERROR;
  ucnv_reset(c);
  ucnv_toUnicode(c, &to, out + 4, &from, bytes.data() + bytes.size(), nullptr, true, &error);
  const auto n = to - out;
  if (U_FAILURE(error) || n == 0) return -1;
  if (n == 2 && U16_IS_LEAD(out[0]) && U16_IS_TRAIL(out[1])) return U16_GET_SUPPLEMENTARY(out[0], out[1]);
  // A few Big5-HKSCS codes are a letter and a combining mark: the letter will do.
  return out[0] == 0xfffd || U16_IS_SURROGATE(out[0]) ? -1 : out[0];
}

uint32_t entry_of(UConverter* c, std::string_view bytes) {
  const int32_t cp = one_character(c, bytes);
  return cp < 0 ? 0 : table_entry(static_cast<uint32_t>(cp));
}

// Frequent characters of simplified and of traditional Chinese text, and those of forms and records.
constexpr std::string_view kFrequentSimplified =
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道"
    "行所然家种事成方"
    "多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十"
    "民第公此已工使情"
    "明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加斯月话合回特"
    "代内信表化老给世"
    "位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少"
    "报才结反受目太量"
    "再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即"
    "像难且权思王象完"
    "设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运姓号码证省县镇街"
    "村址邮编联系客户"
    "银行卡账户款额费付支票登录密性别籍族出申请学历职称备注收货订单病历医患者护照驾驶险保工资李刘陈杨赵黄周吴"
    "徐孙胡朱林郭何罗";
constexpr std::string_view kFrequentTraditional =
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道"
    "行所然家種事成方"
    "多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十"
    "民第公此已工使情"
    "明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加斯月話合回特"
    "代內信表化老給世"
    "位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少"
    "報才結反受目太量"
    "再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即"
    "像難且權思王象完"
    "設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運姓號碼證省縣鎮街"
    "村址郵編聯繫客戶"
    "銀行卡帳戶款額費付支票登錄密性別籍族出申請學歷職稱備註收貨訂單病歷醫患者護照駕駛險保工資李劉陳楊趙黃周吳"
    "徐孫胡朱林郭何羅";

void mark_frequent(std::string_view characters, CharsetTables* tables) {
  std::vector<uint32_t> wanted;
  for (size_t i = 0; i + 2 < characters.size(); i += 3) {
    wanted.push_back(static_cast<uint8_t>(characters[i]) |
                     uint32_t{static_cast<uint8_t>(characters[i + 1])} << 8 |
                     uint32_t{static_cast<uint8_t>(characters[i + 2])} << 16 | 3u << 24);
  }
  std::ranges::sort(wanted);
  tables->frequent = std::make_unique<std::bitset<32768>>();
  for (size_t i = 0; i < tables->pairs.size(); ++i) {
    if (tables->pairs[i] != 0 && std::ranges::binary_search(wanted, tables->pairs[i]))
      tables->frequent->set(i);
  }
}

// Fills the tables of `charset` from ICU. False: no such converter, or none that fits these tables.
bool fill_tables(Charset* charset) {
  const ConverterPtr converter = open_converter(icu_name(std::string(charset->name())));
  if (converter == nullptr) return false;
  UConverter* c = converter.get();
  CharsetTables& t = charset->tables();
  for (unsigned b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    t.single[b] = b < 0x80 ? table_entry(b) : entry_of(c, {&byte, 1});
    if (b >= 0x20 && b < 0x7f && one_character(c, {&byte, 1}) != static_cast<int32_t>(b) && b != '\\' &&
        b != '~') {
      return false;
    }
  }
  if (charset->kind() == CharsetKind::kSingle) return true;

  const bool gb = charset->kind() == CharsetKind::kGb18030;
  UErrorCode error = U_ZERO_ERROR;
  UBool starters[256] = {};
  if (!gb) ucnv_getStarters(c, starters, &error);
  if (U_FAILURE(error)) return false;
  t.pairs.assign(128 * 256, 0);
  for (unsigned lead = 0x81; lead < 0xff; ++lead) {
    if (!gb && starters[lead] == 0) continue;
    for (unsigned trail = 0x40; trail < 0xff; ++trail) {
      if (trail == 0x7f) continue;
      const char pair[2] = {static_cast<char>(lead), static_cast<char>(trail)};
      t.pairs[(lead - 0x80) * 256 + trail] = entry_of(c, {pair, 2});
      t.lead[lead] |= t.pairs[(lead - 0x80) * 256 + trail] != 0;
    }
  }
  if (gb) {
    std::fill(t.lead.begin() + 0x81, t.lead.begin() + 0xff, true);
    if (t.single[0x80] == 0) t.single[0x80] = table_entry(0x20ac);  // the euro of cp936, as WHATWG reads it
    t.quads.assign(kGbQuadsBmp, 0);
    for (uint32_t i = 0; i < kGbQuadsBmp; ++i) {
      const char quad[4] = {static_cast<char>(0x81 + i / 12600), static_cast<char>(0x30 + i / 1260 % 10),
                            static_cast<char>(0x81 + i / 10 % 126), static_cast<char>(0x30 + i % 10)};
      const int32_t cp = one_character(c, {quad, 4});
      t.quads[i] = cp < 0 ? uint16_t{0} : static_cast<uint16_t>(cp);
    }
  } else if (charset->name() == "EUC-JP") {
    charset->set_triples();
    t.lead[0x8f] = true;
    t.quads.assign(94 * 94, 0);
    for (unsigned i = 0; i < 94 * 94; ++i) {
      const char triple[3] = {'\x8f', static_cast<char>(0xa1 + i / 94), static_cast<char>(0xa1 + i % 94)};
      const int32_t cp = one_character(c, {triple, 3});
      t.quads[i] = cp < 0 ? uint16_t{0} : static_cast<uint16_t>(cp);
    }
  }
  return true;
}

std::unique_ptr<Charset> make_table(CharsetKind kind, std::string name, std::string_view frequent) {
  auto charset = std::make_unique<Charset>(kind, std::move(name));
  // Without ICU's data every non-ASCII byte is U+FFFD.
  fill_tables(charset.get());
  if (!frequent.empty()) mark_frequent(frequent, &charset->tables());
  return charset;
}

// Charsets that ICU knows and Weir has no name of its own for; made at their first use, kept for good.
const Charset* other_charset(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Charset>, std::less<>> made;
  const std::scoped_lock lock(mutex);
  if (const auto it = made.find(name); it != made.end()) return it->second.get();
  std::string canonical(name);
  CharsetKind kind = CharsetKind::kDouble;
  if (const ConverterPtr converter = open_converter(icu_name(canonical)); converter != nullptr) {
    const UConverterType type = ucnv_getType(converter.get());
    if (type == UCNV_SBCS || type == UCNV_LATIN_1 || type == UCNV_US_ASCII) {
      kind = CharsetKind::kSingle;
    } else if (type != UCNV_MBCS) {
      kind = CharsetKind::kBinary;
    }
  } else {
    kind = CharsetKind::kBinary;
  }
  std::unique_ptr<Charset> charset;
  if (kind != CharsetKind::kBinary) {
    charset = std::make_unique<Charset>(kind, canonical);
    if (!fill_tables(charset.get())) charset = nullptr;
  }
  return made.emplace(std::move(canonical), std::move(charset)).first->second.get();
}

const Charset* windows_1252() {
  static const std::unique_ptr<Charset> charset = make_table(CharsetKind::kSingle, "windows-1252", {});
  return charset.get();
}

const Charset* named(std::string_view name) {
  if (name == "UTF-8") return charset_utf8();
  if (name == "GB18030") return charset_gb18030();
  if (name == "Big5") return charset_big5();
  if (name == "windows-1252") return windows_1252();
  if (name == "UTF-16LE") return charset_utf16le();
  if (name == "UTF-16BE") return charset_utf16be();
  if (name == "UTF-32LE") return charset_utf32le();
  if (name == "UTF-32BE") return charset_utf32be();
  return other_charset(name);
}

}  // namespace

uint32_t table_entry(uint32_t cp) {
  if (cp >= 0x10000) return kBeyond | cp;
  char out[4] = {};
  const auto n = static_cast<uint32_t>(put_utf8(out, cp));
  uint32_t entry = n << 24;
  for (uint32_t i = 0; i < n; ++i) entry |= uint32_t{static_cast<uint8_t>(out[i])} << (8 * i);
  return entry;
}

const Charset* find_charset(std::string_view label) {
  constexpr std::string_view kBlank = " \t\n\f\r\"'";
  const size_t begin = label.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return nullptr;
  label = label.substr(begin, label.find_last_not_of(kBlank) - begin + 1);
  if (label.size() > 40) return nullptr;
  std::string lower;
  for (const char ch : label) {
    const bool letter = ch >= 'A' && ch <= 'Z';
    lower.push_back(letter ? static_cast<char>(ch + 32) : ch);
    const bool fits = (lower.back() >= 'a' && lower.back() <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' ||
                      ch == '_' || ch == '.' || ch == ':' || ch == '+';
    if (!fits) return nullptr;
  }
  const auto* it = std::ranges::lower_bound(kLabels, lower, {}, &Label::label);
  if (it != std::end(kLabels) && it->label == lower) return named(it->charset);
  // Only names of the registry: ucnv_open would look for a file of any other.
  UErrorCode error = U_ZERO_ERROR;
  if (ucnv_countAliases(lower.c_str(), &error) == 0 || U_FAILURE(error)) return nullptr;
  const char* canonical = ucnv_getAlias(lower.c_str(), 0, &error);
  if (U_FAILURE(error) || canonical == nullptr) return nullptr;
  // Prefer the name that other programs use.
  UErrorCode no_standard = U_ZERO_ERROR;
  const char* standard = ucnv_getStandardName(canonical, "MIME", &no_standard);
  return named(U_SUCCESS(no_standard) && standard != nullptr ? standard : canonical);
}

const Charset* charset_utf8() {
  static const Charset charset(CharsetKind::kUtf8, "UTF-8");
  return &charset;
}
const Charset* charset_utf16le() {
  static const Charset charset(CharsetKind::kUtf16Le, "UTF-16LE");
  return &charset;
}
const Charset* charset_utf16be() {
  static const Charset charset(CharsetKind::kUtf16Be, "UTF-16BE");
  return &charset;
}
const Charset* charset_utf32le() {
  static const Charset charset(CharsetKind::kUtf32Le, "UTF-32LE");
  return &charset;
}
const Charset* charset_utf32be() {
  static const Charset charset(CharsetKind::kUtf32Be, "UTF-32BE");
  return &charset;
}
const Charset* charset_binary() {
  static const Charset charset(CharsetKind::kBinary, "binary");
  return &charset;
}
const Charset* charset_gb18030() {
  static const std::unique_ptr<Charset> charset =
      make_table(CharsetKind::kGb18030, "GB18030", kFrequentSimplified);
  return charset.get();
}
const Charset* charset_big5() {
  static const std::unique_ptr<Charset> charset =
      make_table(CharsetKind::kDouble, "Big5", kFrequentTraditional);
  return charset.get();
}

std::string_view name_of(const Charset* charset) { return charset->name(); }

bool ascii_compatible(const Charset* charset) {
  switch (charset->kind()) {
    case CharsetKind::kUtf16Le:
    case CharsetKind::kUtf16Be:
    case CharsetKind::kUtf32Le:
    case CharsetKind::kUtf32Be:
      return false;
    default:
      return true;
  }
}

const Charset* charset_of_mark(Bytes head) {
  const auto starts = [head](std::initializer_list<uint8_t> mark) {
    return head.size() >= mark.size() && std::equal(mark.begin(), mark.end(), head.begin());
  };
  if (starts({0xef, 0xbb, 0xbf})) return charset_utf8();
  if (starts({0xff, 0xfe, 0x00, 0x00})) return charset_utf32le();
  if (starts({0xff, 0xfe})) return charset_utf16le();
  if (starts({0xfe, 0xff})) return charset_utf16be();
  if (starts({0x00, 0x00, 0xfe, 0xff})) return charset_utf32be();
  if (starts({0x84, 0x31, 0x95, 0x33})) return charset_gb18030();
  return nullptr;
}

}  // namespace weir
