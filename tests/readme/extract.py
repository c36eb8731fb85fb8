"""extract.py README FOLDER: writes each C++ block of the README to FOLDER/block_N.cpp and prints the names."""

import pathlib
import re
import sys

readme, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
for number, block in enumerate(re.findall(r"```cpp\n(.*?)```", readme.read_text(), re.S), 1):
    path = folder / f"block_{number}.cpp"
    if not path.exists() or path.read_text() != block:
        path.write_text(block)
    print(path)
