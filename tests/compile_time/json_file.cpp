// The baseline of the measurement: a file that parses and prints JSON with nlohmann/json alone.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    nlohmann::json data = nlohmann::json::parse(line, nullptr, false);
    data["seen"] = true;
    std::cout << data.dump() << "\n";
  }
}
