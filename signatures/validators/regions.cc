#include "signatures/validators/regions.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "signatures/validators/checks.h"

namespace weir {
namespace {

constexpr std::string_view kProvinces[] = {
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"};

// Three-digit areas in use (telephone numbering plan of the mainland, with codes given up in recent mergers,
// which people still write). Sorted.
constexpr uint16_t kSevenDigitAreas[] = {
    310, 312, 313, 314, 315, 316, 317, 318, 319, 335, 349, 350, 351, 352, 353, 354, 355, 356, 357, 358,
    359, 370, 372, 373, 374, 375, 376, 378, 391, 392, 393, 394, 395, 396, 398, 410, 412, 413, 414, 415,
    416, 417, 418, 419, 421, 427, 429, 434, 436, 437, 438, 439, 452, 453, 454, 455, 456, 457, 458, 459,
    464, 467, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477, 478, 479, 482, 483, 530, 533, 534, 535,
    536, 537, 538, 539, 543, 546, 550, 552, 553, 554, 555, 556, 557, 558, 559, 561, 562, 563, 564, 566,
    570, 572, 578, 580, 592, 593, 594, 596, 597, 598, 599, 631, 632, 633, 634, 635, 660, 662, 663, 668,
    691, 692, 701, 710, 711, 712, 713, 714, 715, 716, 717, 718, 719, 722, 724, 728, 730, 734, 735, 736,
    737, 738, 739, 743, 744, 745, 746, 750, 751, 752, 753, 756, 758, 759, 762, 763, 766, 768, 770, 771,
    772, 773, 774, 775, 776, 777, 778, 779, 790, 792, 793, 794, 795, 796, 797, 798, 799, 807, 812, 813,
    816, 817, 818, 825, 826, 827, 830, 831, 832, 833, 834, 835, 836, 837, 838, 839, 852, 853, 854, 855,
    856, 857, 858, 859, 870, 872, 873, 874, 875, 876, 877, 878, 879, 883, 886, 887, 888, 891, 892, 893,
    894, 895, 896, 897, 901, 902, 903, 906, 908, 909, 911, 912, 913, 914, 915, 916, 917, 919, 930, 931,
    932, 933, 934, 935, 936, 937, 938, 939, 941, 943, 951, 952, 953, 954, 955, 970, 971, 972, 973, 974,
    975, 976, 977, 978, 979, 990, 991, 992, 993, 994, 995, 996, 997, 998, 999};
constexpr uint16_t kEightDigitAreas[] = {311, 371, 377, 379, 411, 431, 432, 451, 510, 511, 512, 513, 514, 515,
                                         516, 517, 518, 519, 523, 527, 531, 532, 551, 571, 573, 574, 575, 576,
                                         577, 579, 591, 595, 731, 755, 757, 760, 769, 791, 871, 898};
constexpr uint16_t kChangingAreas[] = {433, 435, 754, 851};

static_assert(std::is_sorted(std::begin(kSevenDigitAreas), std::end(kSevenDigitAreas)));
static_assert(std::is_sorted(std::begin(kEightDigitAreas), std::end(kEightDigitAreas)));

template <size_t N>
bool contains(const uint16_t (&areas)[N], uint16_t area) {
  return std::binary_search(std::begin(areas), std::end(areas), area);
}

}  // namespace

bool is_cn_province_code(std::string_view two_digits) {
  return std::binary_search(std::begin(kProvinces), std::end(kProvinces), two_digits);
}

SubscriberLength cn_landline_length(std::string_view area) {
  if (!all_ascii_digits(area)) return SubscriberLength::kUnknownArea;
  if (area.size() == 2) {
    const bool known = area == "10" || (area[0] == '2' && area[1] != '6');
    return known ? SubscriberLength::kEight : SubscriberLength::kUnknownArea;
  }
  if (area.size() != 3) return SubscriberLength::kUnknownArea;
  const auto number = static_cast<uint16_t>((area[0] - '0') * 100 + (area[1] - '0') * 10 + (area[2] - '0'));
  if (contains(kEightDigitAreas, number)) return SubscriberLength::kEight;
  if (contains(kChangingAreas, number)) return SubscriberLength::kSevenOrEight;
  if (contains(kSevenDigitAreas, number)) return SubscriberLength::kSeven;
  return SubscriberLength::kUnknownArea;
}

}  // namespace weir
