// What crosses between an I/O thread and the pool, gathered.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "dispatch/handover.hpp"

namespace ws::transport {

class Link;

// Of one I/O thread, which runs one context. What its sockets brought in a turn of the loop goes to the pool together,
// and the links that callbacks have something to send on are woken together: a thread is woken once for many
// connections instead of twice for each message. Safe from any thread where nothing else is said.
class Turn final : public dispatch::Handover, public std::enable_shared_from_this<Turn> {
 public:
  // At most `workers` threads of the pool are used at a time. The context outlives the last Close.
  Turn(boost::asio::io_context& context, boost::asio::any_io_executor pool, unsigned workers);

  // The calling thread's; null where it is no server's I/O thread, or the strand is of another context.
  static std::shared_ptr<Turn> Here(const boost::asio::any_io_executor& strand);
  // Runs the context, until it is stopped or a handler throws. On the I/O thread.
  void RunContext();
  // Lets go of the context, whose thread has ended.
  void Close() { look_.reset(); }

  // On the I/O thread.
  bool Take(const boost::asio::any_io_executor& pool, const Job& job) override;
  // Calls `what` on the link on the I/O thread, if the link still lives then. What a callback wakes waits for the
  // callbacks of other connections that are ready, but not longer than `patience`.
  void Wake(std::weak_ptr<Link> link, void (Link::*what)());

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds patience{1};
  static constexpr int batch = 16;  // mailboxes before others get the thread

  struct Woken {
    std::weak_ptr<Link> link;
    void (Link::*what)();
  };
  // Marks a thread of the pool that works on a group.
  class Corked;

  // On the I/O thread.
  void EndLater();
  void EndTurn();
  void BeginWork();
  void LookAgain();
  bool SomeWait();
  void WakeLinks();
  // On the pool.
  static void Work(std::shared_ptr<Turn> self);
  bool GoOnLater() noexcept;
  Job Next(bool& more);
  void Call() noexcept;

  boost::asio::io_context& context_;
  const boost::asio::any_io_executor pool_;
  const unsigned workers_;

  // On the I/O thread.
  std::vector<Job> gathered_;
  bool ending_ = false;  // EndTurn was posted
  bool owes_ = false;    // the last one found no memory, and is to be done again
  std::optional<boost::asio::steady_timer> look_;
  bool looking_ = false;

  std::mutex mutex_;
  std::deque<Job> ready_;
  unsigned working_ = 0;  // threads of the pool
  std::vector<Woken> woken_;
  bool called_ = false;  // the I/O thread was, to wake links
};

}  // namespace ws::transport
