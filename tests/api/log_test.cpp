// Log records, with and without a sink.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "ws/ws.hpp"

using ws::LogLevel;

namespace {

// Returns the text that `act` writes to stderr.
template <class Act>
std::string StderrOf(Act act) {
  std::fflush(stderr);
  std::FILE* file = std::tmpfile();
  const int saved = ::dup(2);
  ::dup2(::fileno(file), 2);
  act();
  std::fflush(stderr);
  ::dup2(saved, 2);
  ::close(saved);
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

// Causes one Debug and one Severe record.
void CauseLogRecords(MemorySession& session) {
  session.socket.On("throw", []() { throw std::runtime_error("the reason"); });
  session.Open();
  session.peer.SendText("{");
  session.peer.Send("throw", nullptr, 1);
  Json answer;
  do {
    answer = session.peer.Receive();
  } while (answer["event"] != "$ack");
}

}  // namespace

TEST_CASE("without a sink only severe records are written, to stderr") {
  const std::string text = StderrOf([] {
    MemorySession session;
    CauseLogRecords(session);
  });
  CHECK(text.find("ws: a callback threw connection=") == 0);
  CHECK(text.find("the reason") != text.npos);
  CHECK(text.find('\n') == text.size() - 1);
}

TEST_CASE("a sink receives every record with the connection's id instead of stderr, and its exceptions are dropped") {
  Recorder recorder;
  std::string id;
  const std::string text = StderrOf([&] {
    Options options;
    options.log = [&](const ws::LogRecord& record) {
      std::string line = std::to_string(static_cast<int>(record.level)) + std::string(record.text);
      for (const auto& field : record.fields) line.append("|").append(field.name).append("=").append(field.value);
      recorder.Add(line);
      throw std::runtime_error("a sink that fails");
    };
    MemorySession session(std::move(options));
    id = std::to_string(session.socket.Id());
    CauseLogRecords(session);
  });
  CHECK(text.empty());
  const auto entries = recorder.WaitFor(2);
  CHECK(entries[0] ==
        std::to_string(static_cast<int>(LogLevel::Debug)) + "bad_json|connection=" + id + "|detail=at byte 1");
  CHECK(entries[1] == std::to_string(static_cast<int>(LogLevel::Severe)) + "a callback threw|connection=" + id +
                          "|detail=throw: the reason");
}
