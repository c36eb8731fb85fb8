// A file that only includes the library.
#include <ws/ws.hpp>

int main() {}
