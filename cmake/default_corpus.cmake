# cmake -DBIBLE_PROGRAM=FILE -DOUTPUT=FILE -P default_corpus.cmake: writes the source file that defines
# default_corpus(). Removes the reference before each verse ("Ge1:1 "). The rest of the text is unchanged: it has no
# notes or markup, its parentheses are original, and "LORD" in capitals distinguishes two Hebrew words.
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
