// weir check: a configuration and its packs, with nothing started.
#include <algorithm>
#include <ctime>
#include <iostream>
#include <utility>

#include "sensor/app/command_line.h"
#include "sensor/app/settings_check.h"
#include "sensor/app/setup.h"
#include "sensor/capture/device_check.h"
#include "sensor/config/config.h"

namespace weir {

namespace po = boost::program_options;

namespace {

const Command kCommand = {
    "check", "check -c FILE [--explain] | --devices [-i IFACE] [--port PCI]",
    "Reads a configuration, its packs and policies, and says what is wrong, with file and line: all that "
    "would\n"
    "keep a run of this user on this machine from starting, but for the interface. Starts nothing and makes "
    "no\n"
    "token key.",
    "  weir check -c weir.yaml             is it right, and what differs from the defaults?\n"
    "  weir check -c weir.yaml --explain   a sentence for each policy and each exception\n"
    "  weir check --explain                the built-in policies\n"
    "  weir check --devices                what does this machine lack for capture, and how is it mended?\n"
    "  weir check --reference              every field there is (Markdown)\n"
    "  weir check --schema                 JSON Schema of the file, for editors\n"};

}  // namespace

int check_command(const std::vector<std::string>& args) {
  std::string file;
  bool explain = false;
  bool reference = false;
  bool schema = false;
  bool devices = false;
  DeviceCheckOptions device_options;
  po::options_description options;
  auto add = options.add_options();
  add("config,c", po::value(&file)->value_name("FILE"), "configuration to check");
  add("explain", po::bool_switch(&explain), "say in a sentence what each policy and exception will do");
  add("devices", po::bool_switch(&devices),
      "look at this machine's cards, interfaces and settings for capture");
  add("interface,i", po::value(&device_options.interfaces)->value_name("IFACE"),
      "with --devices: this interface alone; may be given again");
  add("port", po::value(&device_options.ports)->value_name("PCI"),
      "with --devices: this card alone, for DPDK; may be given again");
  add("reference", po::bool_switch(&reference), "print the reference of all fields (Markdown)");
  add("schema", po::bool_switch(&schema), "print the JSON Schema of the configuration");
  po::variables_map given;
  if (!parse_command_line(kCommand, args, options, nullptr, &given)) return kExitDone;
  if (!devices && (given.count("interface") != 0 || given.count("port") != 0)) {
    throw UsageError("-i and --port go with --devices");
  }
  if (devices) {
    const std::vector<DeviceFinding> findings = check_devices(device_options);
    std::cout << findings_text(findings);
    const bool whole = std::ranges::none_of(
        findings, [](const DeviceFinding& f) { return f.level == DeviceFinding::Level::kMissing; });
    return whole ? kExitDone : kExitFailed;
  }
  if (reference) {
    std::cout << reference_page();
    return kExitDone;
  }
  if (schema) {
    std::cout << config_schema() << '\n';
    return kExitDone;
  }
  if (file.empty() && !explain) throw UsageError("which configuration? Give -c FILE");

  Config config = file.empty() ? default_live_config() : read_config(file);
  const std::string key_file = std::exchange(config.tokens.key_file, {});
  std::unique_ptr<Setup> setup;
  std::string wrong;
  try {
    setup = make_setup(config);
  } catch (const UsageError& e) {
    wrong = e.what();
  }
  config.tokens.key_file = key_file;
  const SettingsReport settings = check_settings(config);
  if (!settings.problems.empty()) wrong += (wrong.empty() ? "" : "\n") + lines_of(settings.problems);
  if (!wrong.empty()) throw UsageError(wrong);
  if (!file.empty()) {
    std::cout << file << ": good. " << setup->catalogue->detectors.size() << " detectors, "
              << setup->policies->policy_count() << " policies.\n"
              << summary_text(config);
  }
  for (const ConfigProblem& warning : settings.warnings) std::cerr << warning.to_string() << '\n';
  for (const std::string& note : setup->notes) std::cerr << note << '\n';
  if (explain) std::cout << explain_text(config, std::time(nullptr));
  return kExitDone;
}

}  // namespace weir
