# Enables warnings for the project's own targets. They do not propagate to targets that link them.
function(ws_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
endfunction()
