// Strings from the wire on their way into an alert: masked, cut, taken apart where their parts need different
// treatment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/item_facts.h"
#include "sensor/base/metadata_masker.h"

namespace weir {

// Longest string of an alert that comes from the wire, bytes; longer ones end in "…".
inline constexpr size_t kMaxWireString = 512;
inline constexpr size_t kMaxUrl = 2048;

// Cuts at a character's end.
std::string cut_text(std::string text, size_t longest);
std::string masked_text(MetadataMasker& masker, std::string_view wire, size_t longest = kMaxWireString);

// An address of IPv4 or one of the flow's own, with or without a port, as it stands; any other host masked.
std::string masked_host(MetadataMasker& masker, std::string_view host, const FlowFacts* flow);

// "http://host/path?name=***": user info goes, every value of the query and of a path's parameters becomes
// "***", names that are no identifiers become shapes, the whole is masked but for a host that
// masked_host leaves. Empty when there is neither host nor path.
std::string masked_url(MetadataMasker& masker, const ContentMeta& meta, const FlowFacts* flow);
// ASCII letters to lower case. After masking, never before: many identifiers have capital letters.
std::string lowered(std::string text);
// A host name without its port, as on the wire; empty where it is an address.
std::string_view host_name(std::string_view host);
// "Text/HTML" of "Text/HTML; charset=gbk".
std::string_view declared_media_type(std::string_view declared);
// "xlsx" of "a.XLSX"; empty where there is none that looks like one.
std::string file_extension(std::string_view name);
// The addresses among X-Forwarded-For / Forwarded entries, written anew; at most eight.
std::vector<std::string> forwarded_addresses(const std::vector<std::string>& entries);

}  // namespace weir
