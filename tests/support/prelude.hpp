// The includes and the short names that most tests need. The fixtures are only declared here, which keeps compile
// times low: a test includes the header of each fixture that it uses.
#pragma once

#include <chrono>

#include "support/catch.hpp"
#include "support/futures.hpp"
#include "support/synchronization.hpp"
#include "ws/close_reason.hpp"
#include "ws/error.hpp"
#include "ws/handler.hpp"
#include "ws/http.hpp"
#include "ws/json.hpp"
#include "ws/message.hpp"
#include "ws/options.hpp"
#include "ws/reply.hpp"

namespace boost::asio {}

namespace ws::test {

class MemorySession;
class TestClient;
class TestServer;

}  // namespace ws::test

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::CloseReason;
using ws::EndReason;
using ws::Errc;
using ws::Error;
using ws::Handler;
using ws::HttpRequest;
using ws::Json;
using ws::Message;
using ws::Options;
using ws::Reply;
using ws::test::CloseReasonOf;
using ws::test::Get;
using ws::test::Latch;
using ws::test::MemorySession;
using ws::test::Recorder;
using ws::test::RequestFuture;
using ws::test::TestClient;
using ws::test::TestServer;
using ws::test::wait_timeout;
