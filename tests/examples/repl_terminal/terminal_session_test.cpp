#include "terminal_session.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "process_session.hpp"
#include "support/catch.hpp"
#include "support/synchronization.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using repl::Scrollback;
using repl::WindowSize;
using ws::test::Recorder;

// Records all calls.
class RecordingViewer final : public repl::TerminalViewer {
 public:
  void OnAttached(WindowSize, const std::vector<Scrollback::Run>& shown) override {
    for (const auto& run : shown) Add(run.text);
    journal.Add("begin");
  }
  void OnOutput(const std::shared_ptr<const std::string>& output) override { Add(*output); }
  void OnResized(WindowSize size, std::size_t viewers) override {
    journal.Add(std::to_string(size.cols) + "x" + std::to_string(size.rows) + " " + std::to_string(viewers));
  }
  void OnEnded(const repl::PtyExit& exit) override {
    journal.Add("ended " + std::to_string(exit.code) + " " + std::to_string(exit.signal));
  }
  void OnDetached() override { journal.Add("detached"); }
  bool CanType() const override { return can_type; }
  bool HasRoom() const override { return has_room; }

  std::string WaitFor(const std::string& text) const {
    const auto deadline = std::chrono::steady_clock::now() + ws::test::wait_timeout;
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (output_.find(text) != output_.npos) return output_;
      }
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("“" + text + "” was not shown");
      std::this_thread::yield();
    }
  }
  std::size_t Size() const {
    const std::lock_guard lock(mutex_);
    return output_.size();
  }

  Recorder journal;
  std::atomic<bool> has_room = true;
  bool can_type = true;

 private:
  void Add(const std::string& text) {
    const std::lock_guard lock(mutex_);
    output_ += text;
  }

  mutable std::mutex mutex_;
  std::string output_;
};

struct SessionFixture {
  explicit SessionFixture(repl::TerminalLimits limits = {}) {
    session =
        std::make_shared<repl::TerminalSession>("id", context.get_executor(), limits, [this] { ended.Add("ended"); });
    if (session->Start({.shell = "/bin/sh"})) throw std::runtime_error("no shell");
    thread = std::thread([this] { context.run(); });
  }
  ~SessionFixture() {
    session->Close();
    work.reset();
    thread.join();
  }

  std::shared_ptr<RecordingViewer> Attach(WindowSize window = {80, 24}) {
    auto viewer = std::make_shared<RecordingViewer>();
    session->Attach(viewer, window);
    return viewer;
  }

  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  Recorder ended;
  std::shared_ptr<repl::TerminalSession> session;
  std::thread thread;
};

}  // namespace

TEST_CASE("a shell runs without viewers, and a new viewer gets its earlier output") {
  SessionFixture f;
  const auto first = f.Attach();
  f.session->Write("echo before:$((1+1))\n");
  first->WaitFor("before:2");
  f.session->Detach(first);
  f.session->Write("echo alone:$((1+1)); cd /\n");
  const auto second = f.Attach();
  f.session->Write("echo after:$((1+1)) in $PWD.\n");
  const std::string output = second->WaitFor("in /.");
  CHECK(output.find("before:2") < output.find("alone:2"));
  CHECK(output.find("alone:2") < output.find("after:2"));
}

TEST_CASE("all viewers get the same output, and the terminal has the size of the smallest window") {
  SessionFixture f;
  const auto wide = f.Attach({120, 40});
  const auto narrow = f.Attach({90, 50});
  CHECK(wide->journal.WaitFor(3) == std::vector<std::string>{"begin", "120x40 1", "90x40 2"});
  f.session->Write("stty size\n");
  wide->WaitFor("40 90");
  narrow->WaitFor("40 90");
  f.session->Detach(narrow);
  CHECK(wide->journal.WaitFor(4).back() == "120x40 1");
  f.session->Resize(wide, {132, 43});
  CHECK(wide->journal.WaitFor(5).back() == "132x43 1");
  f.session->Write("stty size\n");
  wide->WaitFor("43 132");
  CHECK(f.session->Summarize().viewers == 1);
}

TEST_CASE("a viewer without room stops the shell but not the server, and the interrupt arrives") {
  SessionFixture f;
  const auto viewer = f.Attach();
  f.session->Write("PS1='prompt''> '; yes 0123456789\n");
  viewer->WaitFor("0123456789\r\n0123456789");
  viewer->has_room = false;
  std::size_t before = viewer->Size(), same = 0;
  for (int look = 0; look < 1000 && same < 50; ++look) {
    std::this_thread::yield();
    asio::post(f.session->Executor(), [] {});
    const std::size_t now = viewer->Size();
    same = now == before ? same + 1 : 0;
    before = now;
  }
  f.session->Write("\x03");
  viewer->has_room = true;
  asio::post(f.session->Executor(), [&] { f.session->NotifyRoom(); });
  viewer->WaitFor("prompt> ");
}

TEST_CASE("a viewer that blocks others is detached") {
  SessionFixture f({.slow_viewer_timeout = 50ms});
  const auto slow = f.Attach(), quick = f.Attach();
  slow->journal.WaitFor(2);
  slow->has_room = false;
  f.session->Write("echo one:$((1+1))\n");
  f.session->Write("echo two:$((1+1))\n");
  // A loop in a child process: dash loses an interrupt that arrives between two foreground jobs.
  f.session->Write("PS1='prompt''> '; sh -c 'while :; do echo more; sleep 0.01; done'\n");
  const auto calls = slow->journal.WaitFor(4);
  CHECK(calls.back() == "detached");
  const std::size_t size = slow->Size();
  quick->WaitFor("more\r\nmore");
  f.session->Write("\x03");
  quick->WaitFor("prompt> ");  // the shell may discard input that arrives before the prompt
  f.session->Write("echo still:$((1+1))\n");
  quick->WaitFor("still:2");
  CHECK(slow->Size() == size);
}

TEST_CASE("the end of the shell is reported to current and to later viewers") {
  SessionFixture f;
  const auto viewer = f.Attach();
  f.session->Write("exit 7\n");
  CHECK(viewer->journal.WaitFor(3).back() == "ended 7 0");
  f.ended.WaitFor(1);
  CHECK(f.Attach()->journal.WaitFor(2) == std::vector<std::string>{"begin", "ended 7 0"});
  CHECK(f.session->Write("x"));
}

TEST_CASE("a session without viewers ends after the grace time, and not earlier") {
  SessionFixture f({.detached_grace = 50ms});
  const auto first = f.Attach();
  f.session->Detach(first);
  const auto second = f.Attach();
  f.session->Write("echo here:$((1+1))\n");
  second->WaitFor("here:2");
  f.session->Detach(second);
  f.ended.WaitFor(1);
}

TEST_CASE("the first viewer that can type is the only one that gets terminal queries") {
  SessionFixture f;
  const auto read_only = std::make_shared<RecordingViewer>();
  read_only->can_type = false;
  f.session->Attach(read_only, {80, 24});
  const auto first = f.Attach(), second = f.Attach();
  const auto count = [](const RecordingViewer& viewer, const std::string& output) {
    const std::string all = viewer.WaitFor(output);
    return std::count(all.begin(), all.end(), '\x05');
  };
  f.session->Write("stty -echo; printf 'one\\005:%s.' $((1+1))\n");
  CHECK(count(*read_only, "one:2.") == 0);
  CHECK(count(*first, "one\x05:2.") == 1);
  CHECK(count(*second, "one:2.") == 0);
  f.session->Write("printf 'cut\\033'; read wait; printf '[31m two\\005:%s.' $((1+1))\n");
  first->WaitFor("cut\x1b");
  f.session->Detach(first);
  f.session->Write("\n");
  CHECK(second->WaitFor("two\x05:2.").find("\x1b[31m two") != std::string::npos);
  CHECK(count(*read_only, "two:2.") == 0);
}
