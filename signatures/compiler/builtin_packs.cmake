# The packs of signatures/packs go into the program as text, so that it needs no path to find them. Included
# by cmake/Layers.cmake after the library is made; run again by itself (-P) when a pack has changed.
if(CMAKE_SCRIPT_MODE_FILE)
  set(body "// Made from signatures/packs by signatures/compiler/builtin_packs.cmake.\n")
  string(APPEND body "#include \"signatures/compiler/pattern_set.h\"\n\nnamespace weir {\n\n")
  string(APPEND body "std::span<const PackText> builtin_packs() {\n  static const PackText kPacks[] = {\n")
  file(GLOB packs ${PACKS}/*.yaml)
  list(SORT packs)
  foreach(pack ${packs})
    get_filename_component(name ${pack} NAME)
    file(READ ${pack} text)
    string(APPEND body "      {\"builtin/${name}\", R\"weir_pack(${text})weir_pack\"},\n")
  endforeach()
  string(APPEND body "  };\n  return kPacks;\n}\n\n}  // namespace weir\n")
  file(WRITE ${OUT} "${body}")
  return()
endif()

file(GLOB weir_packs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/signatures/packs/*.yaml)
set(weir_builtin_packs ${CMAKE_BINARY_DIR}/generated/builtin_packs.cc)
add_custom_command(
  OUTPUT ${weir_builtin_packs}
  COMMAND ${CMAKE_COMMAND} -DPACKS=${CMAKE_SOURCE_DIR}/signatures/packs -DOUT=${weir_builtin_packs} -P
          ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${weir_packs} ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Embedding the signature packs")
target_sources(weir_signatures_compiler PRIVATE ${weir_builtin_packs})
