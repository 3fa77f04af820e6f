# The folders and who may know whom (ARCHITECTURE.md); deploy/checks/include_directions.py holds the
# same table against the #include lines.

# parsers: bytes and protocols
weir_library(parsers/wire)
weir_library(parsers/api DEPS parsers/wire)
weir_library(parsers/codec DEPS parsers/wire EXTERNAL weir_dep_isal weir_dep_zlib weir_dep_icu)
weir_add_parser(http1)
weir_add_parser(tls)
weir_add_parser(ssh)
weir_add_parser(quic)
weir_add_parser(dtls)
weir_add_parser(wireguard)
weir_add_parser(ipsec)
weir_library(parsers DEPS parsers/api)
get_property(weir_parsers GLOBAL PROPERTY WEIR_PARSERS)
target_link_libraries(weir_parsers PUBLIC ${weir_parsers})

# signatures: the catalogue
weir_library(signatures/validators)
weir_library(signatures/yaml EXTERNAL weir_dep_yaml)
weir_library(signatures/compiler DEPS signatures/validators signatures/yaml
             EXTERNAL weir_dep_hs weir_dep_yaml weir_dep_pcre2 weir_dep_sodium)
include(${CMAKE_SOURCE_DIR}/signatures/compiler/builtin_packs.cmake)

# sensor: from packets to alerts
weir_library(sensor/base DEPS parsers/wire parsers/api EXTERNAL weir_dep_spdlog weir_dep_sodium)
weir_library(sensor/capture DEPS sensor/base EXTERNAL weir_dep_pcap)
if(dpdk_FOUND)
  target_compile_definitions(weir_sensor_capture PRIVATE WEIR_HAVE_DPDK)
  target_include_directories(weir_sensor_capture SYSTEM PRIVATE ${dpdk_INCLUDE_DIRS})
  file(GLOB dpdk_sources ${CMAKE_SOURCE_DIR}/sensor/capture/dpdk_*.cc)
  set_source_files_properties(${dpdk_sources} PROPERTIES COMPILE_OPTIONS "-include;rte_config.h")
  target_link_libraries(weir_sensor_capture PUBLIC ${WEIR_DPDK_LIBRARIES})
endif()
weir_library(sensor/decode DEPS sensor/base)
weir_library(sensor/flow DEPS sensor/base)
weir_library(sensor/reassembly DEPS sensor/base)
weir_library(sensor/token DEPS sensor/base EXTERNAL weir_dep_sodium)
weir_library(sensor/content DEPS sensor/base parsers/codec EXTERNAL weir_dep_crypto)
weir_library(sensor/match DEPS sensor/base sensor/token signatures/compiler signatures/validators
             EXTERNAL weir_dep_hs weir_dep_icu)
weir_library(sensor/policy DEPS sensor/base sensor/token)
weir_library(sensor/alert DEPS sensor/base sensor/token EXTERNAL nlohmann_json::nlohmann_json)
weir_library(sensor/output DEPS sensor/base EXTERNAL weir_dep_rdkafka)
weir_library(sensor/config
             DEPS sensor/base sensor/capture sensor/decode sensor/flow sensor/reassembly
                  sensor/content sensor/match sensor/policy sensor/alert sensor/output
                  signatures/yaml
             EXTERNAL weir_dep_yaml nlohmann_json::nlohmann_json)
weir_library(sensor/pipeline
             DEPS parsers sensor/capture sensor/decode sensor/flow sensor/reassembly sensor/content
                  sensor/match sensor/token sensor/policy sensor/alert sensor/output
             EXTERNAL Threads::Threads)
weir_library(sensor/app DEPS sensor/config sensor/pipeline EXTERNAL Boost::program_options)

if(EXISTS ${CMAKE_SOURCE_DIR}/sensor/app/main.cc)
  add_executable(weir sensor/app/main.cc)
  target_link_libraries(weir PRIVATE weir_sensor_app)
  set_target_properties(weir PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endif()
