"""extract.py FOLDER DOCUMENT…: writes each C++ block of the documents to FOLDER/NAME_LINE.cpp and prints the paths.

A block that includes nothing consists of statements, so it becomes the body of a function. The function has a parameter
`ws::Server& server`, unless the block defines a server itself.
"""

import pathlib
import re
import sys

BLOCK = re.compile(r"^```cpp\n(.*?)^```", re.MULTILINE | re.DOTALL)


def make_file(block):
    if re.search(r"^#include ", block, re.MULTILINE):
        return block
    parameter = "" if "ws::Server server" in block else "[[maybe_unused]] ws::Server& server"
    return f"#include <iostream>\n#include <ws/ws.hpp>\n\nvoid Example({parameter}) {{\n{block}}}\n"


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for document in map(pathlib.Path, sys.argv[2:]):
    text = document.read_text()
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        path = folder / f"{document.stem}_{line}.cpp"
        content = make_file(match[1])
        if not path.exists() or path.read_text() != content:  # an unchanged block is not compiled again
            path.write_text(content)
        print(path)
