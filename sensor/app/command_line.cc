#include "sensor/app/command_line.h"

#include <iostream>

namespace weir {

namespace po = boost::program_options;

namespace {

// A variable of a script that is not set gives `--kafka ""`: that is no wish to have no Kafka. For a filter
// it is one: everything.
void refuse_empty_words(const po::variables_map& values) {
  for (const auto& option : values) {
    const std::string& name = option.first;
    const po::variable_value& value = option.second;
    if (name == "filter" || value.defaulted()) continue;
    const bool hidden = name == "word";
    const auto refuse = [&](const std::string& text) {
      if (!text.empty()) return;
      throw UsageError(hidden ? "an empty word (\"\") stands where a name is wanted"
                              : "--" + name + " is given an empty value");
    };
    if (const auto* text = boost::any_cast<std::string>(&value.value())) refuse(*text);
    if (const auto* texts = boost::any_cast<std::vector<std::string>>(&value.value())) {
      for (const std::string& text : *texts) refuse(text);
    }
  }
}

}  // namespace

bool parse_command_line(const Command& command, const std::vector<std::string>& args,
                        const po::options_description& options, std::vector<std::string>* positional,
                        po::variables_map* values) {
  po::options_description all;
  all.add(options);
  all.add_options()("help,h", "show this help");
  po::positional_options_description places;
  po::options_description hidden;
  if (positional != nullptr) {
    hidden.add_options()("word", po::value<std::vector<std::string>>(positional));
    places.add("word", -1);
  }
  po::options_description everything;
  everything.add(all).add(hidden);
  try {
    po::store(po::command_line_parser(args).options(everything).positional(places).run(), *values);
    if (values->count("help") != 0) {
      std::cout << "weir " << command.usage << "\n\n"
                << command.purpose << "\n\n"
                << "Options:\n"
                << all;
      if (!command.examples.empty()) std::cout << "\nExamples:\n" << command.examples;
      return false;
    }
    refuse_empty_words(*values);
    po::notify(*values);
  } catch (const po::error& e) {
    throw UsageError(std::string(e.what()) + " (weir " + command.name + " --help shows what there is)");
  }
  return true;
}

}  // namespace weir
