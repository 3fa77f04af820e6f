// Writes one line of JSON, keys in the order in which they are given. Strings come out as valid UTF-8 (what
// is none becomes U+FFFD), control characters escaped: a line stays one line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);  // in an object, before each value
  void text(std::string_view value);
  void number(int64_t value);
  void number(uint64_t value);
  void boolean(bool value);

  // Key and value at once.
  void field(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }
  void field(std::string_view name, const std::string& value) { field(name, std::string_view(value)); }
  void field(std::string_view name, int64_t value) {
    key(name);
    number(value);
  }
  void field(std::string_view name, uint64_t value) {
    key(name);
    number(value);
  }
  void field(std::string_view name, int value) { field(name, int64_t{value}); }
  void field(std::string_view name, uint32_t value) { field(name, uint64_t{value}); }
  void field(std::string_view name, bool value) {
    key(name);
    boolean(value);
  }
  // Nothing at all when there is nothing to say.
  void field_if(std::string_view name, std::string_view value) {
    if (!value.empty()) field(name, value);
  }

  std::string take() { return std::move(out_); }

 private:
  void open(char c) {
    separate();
    out_ += c;
    first_ = true;
  }
  void close(char c) {
    out_ += c;
    first_ = false;
  }
  void separate() {
    if (!first_ && !after_key_) out_ += ',';
    first_ = false;
    after_key_ = false;
  }
  void append_escaped(std::string_view value);

  std::string out_;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace weir
