# cmake -DBIBLE_PROGRAM=FILE -DOUTPUT=FILE -P default_corpus.cmake: writes the source file behind default_corpus().
# Taken off each verse is the reference before it ("Ge1:1 "). Nothing else wants cleaning: the text holds no notes and
# no marks, its parentheses are its own, and "LORD" in capitals is how it tells two Hebrew words apart.
set(verses "")
if(BIBLE_PROGRAM)
  execute_process(
    COMMAND ${BIBLE_PROGRAM} -f gen1:1-rev22:21
    COMMAND sed -e "s/^[^ ]* //" -e "s/[\"\\\\]/\\\\&/g" -e "s/.*/\"&\\\\n\"/"
    INPUT_FILE /dev/null
    OUTPUT_VARIABLE verses
    COMMAND_ERROR_IS_FATAL ANY)
endif()
file(WRITE ${OUTPUT} "#include \"default_corpus.hpp\"\n\n"
                     "std::string_view default_corpus() {\n  return \"\"\n${verses};\n}\n")
