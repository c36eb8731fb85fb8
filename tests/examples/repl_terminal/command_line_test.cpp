#include "command_line.hpp"

#include "support/catch.hpp"

using repl::ParseCommandLine;

TEST_CASE("no arguments give the defaults") {
  const auto line = ParseCommandLine({});
  REQUIRE(line);
  CHECK(line->port == 8080);
  CHECK(line->workspace == ".");
  CHECK(line->auth == repl::AuthMode::Token);
  CHECK_FALSE(line->help);
}

TEST_CASE("the value of a flag follows a space or an equals sign") {
  const auto line = ParseCommandLine({"--port", "0", "--workspace=/srv/a=b", "--auth", "none", "--allow-origin",
                                      "http://localhost:5173", "--allow-origin=https://one.example", "--page", "site"});
  REQUIRE(line);
  CHECK(line->port == 0);
  CHECK(line->workspace == "/srv/a=b");
  CHECK(line->auth == repl::AuthMode::None);
  CHECK(line->allowed_origins == std::vector<std::string>{"http://localhost:5173", "https://one.example"});
  CHECK(line->page == "site");
}

TEST_CASE("the flags of a server for other machines are parsed") {
  const auto line = ParseCommandLine({"--address", "0.0.0.0", "--host", "a.example", "--host=b.example:8443",
                                      "--certificate", "c.pem", "--key", "k.pem", "--read-only", "--shell",
                                      "/usr/bin/top", "--grace", "0", "--idle-shutdown", "30"});
  REQUIRE(line);
  CHECK(line->address == "0.0.0.0");
  CHECK(line->hosts == std::vector<std::string>{"a.example", "b.example:8443"});
  CHECK(line->certificate == "c.pem");
  CHECK(line->key == "k.pem");
  CHECK(line->mode == repl::Mode::ReadOnly);
  CHECK(line->shell == "/usr/bin/top");
  CHECK(line->detached_grace == std::chrono::minutes(0));
  CHECK(line->idle_shutdown == std::chrono::minutes(30));
  CHECK_FALSE(ParseCommandLine({"--certificate", "c.pem"}));
  CHECK_FALSE(ParseCommandLine({"--grace", "soon"}));
}

TEST_CASE("an error names the argument that is not understood") {
  CHECK(ParseCommandLine({"--prot", "1"}).Error().message == "Unknown argument: --prot");
  CHECK(ParseCommandLine({"8080"}).Error().message == "Unknown argument: 8080");
  CHECK(ParseCommandLine({"--port"}).Error().message == "--port needs a value");
  for (const std::string value : {"", "x", "-1", "65536", "80 "}) {
    CHECK(ParseCommandLine({"--port", value}).Error().message == "Invalid value for --port: " + value);
  }
  CHECK_FALSE(ParseCommandLine({"--auth", "password"}));
  CHECK_FALSE(ParseCommandLine({"--workspace", ""}));
}

TEST_CASE("an address other than loopback requires --host and authentication") {
  for (const std::string address : {"0.0.0.0", "::", "192.0.2.1", "term.example"}) {
    CHECK(ParseCommandLine({"--address", address, "--host", "term.example"}));
    CHECK(ParseCommandLine({"--address", address}).Error().message.find("--host") != std::string::npos);
    CHECK_FALSE(ParseCommandLine({"--address", address, "--host", "term.example", "--auth", "none"}));
  }
  for (const std::string address : {"127.0.0.1", "127.0.0.2", "::1", "unix:/run/a.sock"}) {
    CHECK(ParseCommandLine({"--address", address, "--auth", "none"}));
  }
}

TEST_CASE("the help text contains every flag") {
  CHECK(ParseCommandLine({"--help"})->help);
  for (const char* flag :
       {"--port", "--workspace", "--auth", "--read-only", "--shell", "--grace", "--idle-shutdown", "--address",
        "--host", "--certificate", "--key", "--behind-tls", "--url-file", "--allow-origin", "--page", "--help"}) {
    CHECK(repl::HelpText().find(flag) != std::string::npos);
  }
}
