#include "signatures/validators/domains.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace weir {
namespace {

// The country-code domains of the root zone (ISO 3166-1 alpha-2, with ac, eu, su, uk).
constexpr std::string_view kCountryCodes =
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bv bw "
    "by bz "
    "ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj "
    "fk fm "
    "fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq "
    "ir is "
    "it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk "
    "ml mm "
    "mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm "
    "pn pr "
    "ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td "
    "tf tg "
    "th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw";

constexpr auto kCountryTable = [] {
  std::array<bool, 26 * 26> table{};
  for (size_t i = 0; i + 1 < kCountryCodes.size(); i += 3) {
    table[static_cast<size_t>(kCountryCodes[i] - 'a') * 26 +
          static_cast<size_t>(kCountryCodes[i + 1] - 'a')] = true;
  }
  return table;
}();

// Generic domains that people have addresses under. Sorted.
constexpr std::string_view kGeneric[] = {
    "academy",     "aero",        "agency",     "amsterdam",  "app",        "art",      "asia",
    "associates",  "attorney",    "auto",       "baidu",      "bank",       "bar",      "berlin",
    "best",        "bike",        "biz",        "blog",       "boston",     "build",    "business",
    "buzz",        "cab",         "cafe",       "capital",    "care",       "careers",  "cat",
    "center",      "chat",        "church",     "citic",      "city",       "click",    "clinic",
    "cloud",       "club",        "coach",      "codes",      "coffee",     "college",  "com",
    "community",   "company",     "computer",   "consulting", "contact",    "cool",     "coop",
    "credit",      "cyou",        "dental",     "design",     "dev",        "digital",  "direct",
    "doctor",      "domains",     "edu",        "education",  "email",      "energy",   "engineer",
    "engineering", "enterprises", "estate",     "events",     "exchange",   "expert",   "express",
    "family",      "fans",        "farm",       "finance",    "financial",  "fit",      "foundation",
    "fun",         "fund",        "fyi",        "gallery",    "games",      "global",   "gmbh",
    "gold",        "gov",         "group",      "guide",      "guru",       "hamburg",  "health",
    "healthcare",  "help",        "holdings",   "hospital",   "host",       "house",    "icu",
    "info",        "ink",         "institute",  "insurance",  "insure",     "int",      "international",
    "investments", "jobs",        "kim",        "koeln",      "land",       "law",      "lawyer",
    "legal",       "life",        "limited",    "link",       "live",       "llc",      "loan",
    "london",      "love",        "ltd",        "luxe",       "management", "market",   "marketing",
    "markets",     "mba",         "media",      "melbourne",  "miami",      "mil",      "mobi",
    "mom",         "money",       "moscow",     "museum",     "name",       "net",      "network",
    "news",        "ngo",         "ninja",      "nyc",        "one",        "ong",      "online",
    "org",         "page",        "paris",      "partners",   "parts",      "photo",    "photography",
    "photos",      "pink",        "plus",       "post",       "press",      "pro",      "productions",
    "promo",       "properties",  "pub",        "quebec",     "red",        "reisen",   "ren",
    "rent",        "rentals",     "report",     "rest",       "restaurant", "reviews",  "rocks",
    "run",         "sale",        "school",     "science",    "services",   "shop",     "shopping",
    "site",        "social",      "software",   "solar",      "solutions",  "space",    "store",
    "studio",      "support",     "swiss",      "sydney",     "systems",    "taipei",   "tax",
    "team",        "tech",        "technology", "tel",        "tips",       "today",    "tokyo",
    "tools",       "top",         "tours",      "town",       "trade",      "training", "travel",
    "university",  "ventures",    "video",      "vip",        "wang",       "watch",    "website",
    "wedding",     "wien",        "wiki",       "win",        "work",       "works",    "world",
    "xin",         "xxx",         "xyz",        "yoga",       "zone",
};
static_assert(std::is_sorted(std::begin(kGeneric), std::end(kGeneric)));

// Sorted.
constexpr std::string_view kFileLike[] = {"ac", "ai", "am", "as", "bz", "cc", "in", "la", "md", "mk", "mm",
                                          "mo", "pl", "pm", "ps", "py", "rs", "sh", "so", "st", "tf", "vi"};
static_assert(std::is_sorted(std::begin(kFileLike), std::end(kFileLike)));

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

bool is_plausible_tld(std::string_view label) {
  if (label.size() == 2) {
    return is_lower(label[0]) && is_lower(label[1]) &&
           kCountryTable[static_cast<size_t>(label[0] - 'a') * 26 + static_cast<size_t>(label[1] - 'a')];
  }
  // Punycode of the shortest internationalised domain has three characters (xn--3ds443g has seven).
  if (label.starts_with("xn--")) return label.size() >= 7;
  return std::binary_search(std::begin(kGeneric), std::end(kGeneric), label);
}

bool is_file_like_tld(std::string_view label) {
  return std::binary_search(std::begin(kFileLike), std::end(kFileLike), label);
}

}  // namespace weir
