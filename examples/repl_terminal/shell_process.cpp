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

// The data that the child needs. Prepared before fork, because the child must not allocate.
struct ExecPlan {
  const char* program;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  const char* folder;  // nullptr: do not change the directory
  int terminal;
  int error_pipe;  // receives errno if a call fails; closed by exec
  int fd_limit;
};

std::vector<char*> PointerArray(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Moves a descriptor above 0, 1 and 2, which the child overwrites.
UniqueFd MoveAboveStdio(UniqueFd fd) {
  if (!fd || fd.Get() > 2) return fd;
  return UniqueFd(::fcntl(fd.Get(), F_DUPFD_CLOEXEC, 3));
}

void CloseFrom(int first, int limit) {
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < limit; ++fd) ::close(fd);
}

// Runs between fork and exec. Only async-signal-safe calls are allowed.
[[noreturn]] void ExecShell(const ExecPlan& plan) {
  bool ready = ::setsid() >= 0 && ::ioctl(plan.terminal, TIOCSCTTY, 0) == 0;
  for (int fd = 0; fd <= 2; ++fd) ready = ready && ::dup2(plan.terminal, fd) == fd;
  ready = ready && (plan.error_pipe == 3 || ::dup3(plan.error_pipe, 3, O_CLOEXEC) == 3);
  const int error_pipe = ready ? 3 : plan.error_pipe;
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
  [[maybe_unused]] const ssize_t written = ::write(error_pipe, &error, sizeof error);
  ::_exit(127);
}

// Blocks signals during fork, because the server's handlers must not run in the child. The child resets the handlers.
pid_t ForkWithSignalsBlocked(const ExecPlan& plan) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) ExecShell(plan);
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
    modes.c_iflag |= IUTF8;  // in cooked mode, backspace deletes a character instead of a byte
    ::tcsetattr(slave.Get(), TCSANOW, &modes);
  }
  return MoveAboveStdio(std::move(slave));
}

// Returns the errno of the child's failed call, or 0 if exec has closed the pipe.
int ReadExecError(int pipe) {
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

void SetWindowSize(int master, int cols, int rows) {
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
  SetWindowSize(master.Get(), options.cols, options.rows);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return LastError();
  const UniqueFd error_pipe_in(ends[0]);
  UniqueFd error_pipe_out = MoveAboveStdio(UniqueFd(ends[1]));
  if (!error_pipe_out) return LastError();

  const ExecPlan plan{program.c_str(),
                      PointerArray(arguments),
                      PointerArray(environment),
                      options.folder.empty() ? nullptr : options.folder.c_str(),
                      slave.Get(),
                      error_pipe_out.Get(),
                      DescriptorLimit()};
  const pid_t pid = ForkWithSignalsBlocked(plan);
  if (pid < 0) return LastError();

  error_pipe_out = UniqueFd();
  int error = ReadExecError(error_pipe_in.Get());
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (error == 0 && !pidfd) error = errno;
  if (error != 0) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return {error, boost::system::system_category()};
  }
  shell.master = std::move(master);
  shell.pidfd = std::move(pidfd);
  shell.pid = pid;
  return {};
}

}  // namespace repl
