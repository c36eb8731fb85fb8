// bench_load: measures a server and prints a line of JSON. settings.cpp has the usage, README.md describes the modes.
#include <cstdlib>
#include <exception>
#include <iostream>

#include <sys/resource.h>

#include "load/modes.hpp"

namespace {

void AllowManySockets() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

load::Report Run(const load::Settings& settings) {
  if (settings.mode == "fan-out") return RunFanOut(settings);
  if (settings.mode == "connect") return RunConnect(settings);
  if (settings.mode == "idle") return RunIdle(settings);
  return RunEcho(settings);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const load::Settings settings = load::ParseSettings(argc, argv);
    AllowManySockets();
    load::Report report = {{"mode", settings.mode}};
    report.update(Run(settings));
    std::cout << report.dump() << std::endl;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << "\n";
    return EXIT_FAILURE;
  }
}
