#include "shell_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include <algorithm>
#include <cerrno>

#include "shell_environment.hpp"

namespace repl {
namespace {

boost::system::error_code LastError() {
  return {errno, boost::system::system_category()};
}

// Everything the child needs, made before the fork: afterwards it may not allocate.
struct Plan {
  const char* program;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  const char* folder;  // nullptr: stay
  int terminal;
  int report;  // takes the errno of what failed; exec closes it
  int fd_limit;
};

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A descriptor out of the way of 0, 1 and 2, which the child fills.
UniqueFd AboveStandard(UniqueFd fd) {
  if (!fd || fd.Get() > 2) return fd;
  return UniqueFd(::fcntl(fd.Get(), F_DUPFD_CLOEXEC, 3));
}

void CloseFrom(int first, int limit) {
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < limit; ++fd) ::close(fd);
}

// Runs between fork and exec: async-signal-safe calls only.
[[noreturn]] void BecomeShell(const Plan& plan) {
  bool ready = ::setsid() >= 0 && ::ioctl(plan.terminal, TIOCSCTTY, 0) == 0;
  for (int fd = 0; fd <= 2; ++fd) ready = ready && ::dup2(plan.terminal, fd) == fd;
  ready = ready && (plan.report == 3 || ::dup3(plan.report, 3, O_CLOEXEC) == 3);
  const int report = ready ? 3 : plan.report;
  if (ready) {
    CloseFrom(4, plan.fd_limit);
    ready = plan.folder == nullptr || ::chdir(plan.folder) == 0;
  }
  if (ready) {
    struct sigaction standard = {};
    standard.sa_handler = SIG_DFL;
    for (int signal = 1; signal < _NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(plan.program, plan.arguments.data(), plan.environment.data());
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(report, &error, sizeof error);
  ::_exit(127);
}

// No handler of the server may run in the child, so signals wait until the child has reset them.
pid_t ForkQuietly(const Plan& plan) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) BecomeShell(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

UniqueFd OpenMaster() {
  UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (master && (::grantpt(master.Get()) != 0 || ::unlockpt(master.Get()) != 0)) return UniqueFd();
  return master;
}

UniqueFd OpenSlave(int master) {
  UniqueFd slave(::ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios modes{};
  if (slave && ::tcgetattr(slave.Get(), &modes) == 0) {
    modes.c_iflag |= IUTF8;  // a backspace in cooked mode takes a character, not a byte
    ::tcsetattr(slave.Get(), TCSANOW, &modes);
  }
  return AboveStandard(std::move(slave));
}

// The errno that kept the child from becoming the shell; 0 once exec has closed the pipe.
int ReadReport(int pipe) {
  int error = 0;
  ssize_t size = 0;
  do {
    size = ::read(pipe, &error, sizeof error);
  } while (size < 0 && errno == EINTR);
  return size == sizeof error ? error : 0;
}

int DescriptorLimit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
}

}  // namespace

void SetSize(int master, int cols, int rows) {
  winsize size{};
  size.ws_col = static_cast<unsigned short>(std::clamp(cols, 1, 1000));
  size.ws_row = static_cast<unsigned short>(std::clamp(rows, 1, 1000));
  ::ioctl(master, TIOCSWINSZ, &size);
}

boost::system::error_code StartShell(const PtyOptions& options, ShellProcess& shell) {
  const std::string program = options.shell.empty() ? DefaultShell() : options.shell;
  std::vector<std::string> arguments = {program.substr(program.rfind('/') + 1)};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> environment;
  for (const auto& [name, value] : ShellEnvironment(program, options.environment)) {
    environment.push_back(name + '=' + value);
  }

  UniqueFd master = OpenMaster();
  if (!master) return LastError();
  const UniqueFd slave = OpenSlave(master.Get());
  if (!slave) return LastError();
  SetSize(master.Get(), options.cols, options.rows);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return LastError();
  const UniqueFd report_in(ends[0]);
  UniqueFd report_out = AboveStandard(UniqueFd(ends[1]));
  if (!report_out) return LastError();

  const Plan plan{program.c_str(),       Pointers(arguments),
                  Pointers(environment), options.folder.empty() ? nullptr : options.folder.c_str(),
                  slave.Get(),           report_out.Get(),
                  DescriptorLimit()};
  const pid_t pid = ForkQuietly(plan);
  if (pid < 0) return LastError();

  report_out = UniqueFd();
  int error = ReadReport(report_in.Get());
  UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (error == 0 && !process) error = errno;
  if (error != 0) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return {error, boost::system::system_category()};
  }
  shell.master = std::move(master);
  shell.process = std::move(process);
  shell.pid = pid;
  return {};
}

}  // namespace repl
