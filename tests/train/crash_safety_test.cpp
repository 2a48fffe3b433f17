// Makes each system call that writes a checkpoint fail, one per run, or kills the process before it. The functions
// below replace the C library's in this test program. They call the C library's functions unless a test asks for a
// fault.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <minibert/core/parallel.hpp>
#include <minibert/train/checkpoint.hpp>
#include <minibert/train/output_dir.hpp>

#include "support/test_data.hpp"
#include "support/toy_run.hpp"

namespace {

using namespace minibert;
using testing::busy;
using testing::refusal;
using testing::Run;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;

/// What the replaced system calls do.
struct Faults {
  bool counts = false;                    // count calls, and skip the slow syncs
  index_t calls = 0;                      // so far
  index_t fails_at = -1;                  // the number of the call that fails
  int error = 0;                          // its errno; 0: the process is killed
  int lock_error = 0;                     // if not 0, flock fails with this errno
  index_t bytes_left = -1;                // if not negative, what statvfs reports
  bool records = false;                   // keep the sets below
  std::map<int, std::string> names = {};  // of open files
  std::set<std::string> dirty = {};       // files and folders that were changed since their last sync
  std::vector<std::string> unsafe = {};   // checkpoints that got their name before their contents were on disk
};
Faults faults;

/// Counts a system call. Returns true if the call must fail. Kills the process instead if faults.error is 0.
bool fails() {
  if (!faults.counts || ++faults.calls != faults.fails_at) return false;
  if (faults.error == 0) ::raise(SIGKILL);
  errno = faults.error;
  return true;
}

std::string parent(const std::string& path) { return fs::path(path).parent_path().string(); }

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = static_cast<mode_t>((flags & O_CREAT) != 0 ? va_arg(rest, unsigned) : 0);
  va_end(rest);
  if (fails()) return -1;
  static auto* const next = real<int(const char*, int, ...)>("open");
  const int fd = next(path, flags, mode);
  if (faults.records && fd >= 0) {
    faults.names[fd] = path;
    if ((flags & O_CREAT) != 0) faults.dirty.insert(parent(path));
  }
  return fd;
}

ssize_t write(int fd, const void* data, size_t size) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  if (faults.counts && faults.calls + 1 == faults.fails_at && size > 1) {  // half of the data arrive
    [[maybe_unused]] const ssize_t ignored = next(fd, data, size / 2);
  }
  if (fails()) return -1;
  if (faults.records) faults.dirty.insert(faults.names[fd]);
  return next(fd, data, faults.counts && size > 3 ? size / 3 + 1 : size);  // short writes are no errors
}

int fsync(int fd) {
  if (fails()) return -1;
  if (faults.records) faults.dirty.erase(faults.names[fd]);
  static auto* const next = real<int(int)>("fsync");
  return faults.counts ? 0 : next(fd);
}

int rename(const char* from, const char* to) noexcept {
  if (fails()) return -1;
  if (faults.records) {
    if (checkpoint_step(to))
      for (const std::string& path : faults.dirty)
        if (path == from || parent(path) == from) faults.unsafe.push_back(core::concat(to, " before ", path));
    if (faults.dirty.erase(from) > 0) faults.dirty.insert(to);
    faults.dirty.insert(parent(to));
  }
  static auto* const next = real<int(const char*, const char*)>("rename");
  return next(from, to);
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (fails()) return -1;
  static auto* const next = real<int(const char*, mode_t)>("mkdir");
  return next(path, mode);
}

int unlink(const char* path) noexcept {
  if (fails()) return -1;
  static auto* const next = real<int(const char*)>("unlink");
  return next(path);
}

int unlinkat(int fd, const char* path, int flags) noexcept {
  if (fails()) return -1;
  static auto* const next = real<int(int, const char*, int)>("unlinkat");
  return next(fd, path, flags);
}

int ftruncate(int fd, off_t length) noexcept {
  if (fails()) return -1;
  static auto* const next = real<int(int, off_t)>("ftruncate");
  return next(fd, length);
}

int close(int fd) {
  static auto* const next = real<int(int)>("close");
  const int result = next(fd);
  return fails() ? -1 : result;
}

int flock(int fd, int operation) noexcept {
  static auto* const next = real<int(int, int)>("flock");
  if (faults.lock_error == 0) return next(fd, operation);
  errno = faults.lock_error;
  return -1;
}

int statvfs(const char* path, struct statvfs* status) noexcept {
  static auto* const next = real<int(const char*, struct statvfs*)>("statvfs");
  const int result = next(path, status);
  if (faults.bytes_left >= 0) {
    status->f_frsize = 1;
    status->f_bavail = static_cast<fsblkcnt_t>(faults.bytes_left);
  }
  return result;
}

}  // extern "C"

namespace {

/// Returns arguments for a run of four steps that writes two checkpoints and keeps the newer one.
TrainingArguments short_run(const fs::path& folder) {
  TrainingArguments args = busy(folder);
  args.max_steps = 4;
  args.save_steps = 2;
  args.save_total_limit = 1;
  args.eval_strategy = IntervalStrategy::no;
  args.load_best_model_at_end = false;
  return args;
}

/// Returns a folder in memory if the system has one, because these tests change files some ten thousand times.
fs::path fast_folder() { return fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path(); }

/// A run without faults, and its result.
struct Undisturbed {
  TemporaryDirectory folder{fast_folder()};
  int threads = num_threads();
  index_t calls = 0;
  std::vector<float> weights;

  Undisturbed() {
    set_num_threads(1);  // a forked process must not wait for threads that it does not have
    Run run(short_run(folder / "out"));
    faults = {.counts = true};
    run.trainer.train();
    calls = faults.calls;
    faults = {};
    weights = run.model.values();
  }
  ~Undisturbed() {
    faults = {};
    set_num_threads(threads);
  }
};

/// Checks that all checkpoints in a folder are complete and undamaged. Resumes there, and checks that the result equals
/// the result of the run without faults. `call` is the number of the system call that failed or before which the
/// process was killed.
void check_resumes(const fs::path& out, const Undisturbed& whole, index_t call) {
  CAPTURE(call);
  for (const fs::path& checkpoint : list_checkpoints(out)) CHECK_NOTHROW(read_checkpoint(checkpoint));
  TrainingArguments args = short_run(out);
  args.resume_from_checkpoint = fs::path();
  Run run(args);
  faults = {.counts = true};
  CHECK(refusal<Error>(run) == "accepted");
  faults = {};
  CHECK(run.model.values() == whole.weights);
  for (const char* file : {"model.safetensors", "optimizer.safetensors"})
    CHECK(io::read_file(out / "checkpoint-4" / file) == io::read_file(whole.folder / "out/checkpoint-4" / file));
  for (const std::string& name : testing::names_in(out)) CHECK_FALSE(name.starts_with("."));
}

TEST_CASE("whichever system call fails: an error with its reason, a usable trainer, and whole checkpoints") {
  const Undisturbed whole;
  REQUIRE(whole.calls > 60);
  index_t errors = 0;
  for (index_t call = 1; call <= whole.calls; ++call) {
    const TemporaryDirectory folder(fast_folder());
    const int reasons[] = {ENOSPC, EIO, EROFS};
    const int reason = reasons[call % 3];
    Run run(short_run(folder / "out"));
    faults = {.counts = true, .fails_at = call, .error = reason};
    const std::string message = refusal<Error>(run);
    faults = {};
    CAPTURE(call);
    CAPTURE(message);
    if (message != "accepted") {
      ++errors;
      CHECK(message.find(folder.path().string()) != std::string::npos);
      CHECK(message.find(std::strerror(reason)) != std::string::npos);
    }
    CHECK_NOTHROW(run.trainer.evaluate());
    check_resumes(folder / "out", whole, call);
  }
  CHECK(errors > whole.calls / 2);  // of the others, most close files that are on disk already
}

TEST_CASE("whenever the process is killed: the newest checkpoint is whole, and resuming gives the same bytes") {
  const Undisturbed whole;
  for (index_t call = 1; call <= whole.calls; ++call) {
    const TemporaryDirectory folder(fast_folder());
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      Run run(short_run(folder / "out"));
      faults = {.counts = true, .fails_at = call};
      run.trainer.train();
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    check_resumes(folder / "out", whole, call);
  }
}

TEST_CASE("a checkpoint gets its name only when its files and its folder are on disk") {
  const TemporaryDirectory folder;
  Run run(short_run(folder / "out"));
  faults = {.counts = true, .records = true};
  run.trainer.train();
  const Faults seen = faults;
  faults = {};
  CHECK(seen.unsafe == std::vector<std::string>{});
  CHECK_FALSE(seen.dirty.contains((folder / "out/train_log.jsonl").string()));
}

TEST_CASE("a file that got its name, but whose folder could not be synced: the error says so") {
  const TemporaryDirectory folder;
  io::write_file(folder / "file", "old");
  {
    AtomicFile file(folder / "file");
    file.write("new");
    faults = {.counts = true, .fails_at = 3, .error = EIO};  // fsync, rename, and the folder's open
    CHECK_THROWS_WITH_AS(file.commit(), doctest::Contains("is complete, but may not survive a loss of power"), IoError);
    faults = {};
    CHECK(io::read_file(folder / "file") == "new");
    io::write_file(folder / "other", "of another process");
    fs::rename(folder / "other", folder / ".file.tmp");
  }
  CHECK(fs::exists(folder / ".file.tmp"));  // the destructor has not removed it
}

TEST_CASE("a file system without locks causes a notice") {
  for (const int error : {ENOLCK, ENOTSUP}) {
    const TemporaryDirectory folder;
    Run run(short_run(folder / "out"));
    faults.lock_error = error;
    const std::string message = refusal<Error>(run);
    faults = {};
    CHECK(message == "accepted");
    REQUIRE(!run.notices.empty());
    CHECK(run.notices.front().find("cannot be locked") != std::string::npos);
  }
}

TEST_CASE("a disk that is surely too small is refused at the start, with sizes; nothing is removed") {
  const TemporaryDirectory folder;
  TrainingArguments args = short_run(folder / "out");
  Run run(args);
  const index_t bytes = 3 * (testing::kVocab + 1) * index_t{sizeof(float)};  // of one checkpoint
  faults.bytes_left = 2 * bytes - 1;
  CHECK(refusal<ValueError>(run).find("the checkpoints need 1 MB (2 of 1 MB), but the disk has 1 MB left") !=
        std::string::npos);
  faults.bytes_left = 2 * bytes;
  CHECK(refusal<ValueError>(run) == "accepted");
  faults.bytes_left = bytes;  // the one that exists is replaced
  args.overwrite_output_dir = true;
  Run again(args);
  CHECK(refusal<ValueError>(again) == "accepted");
  faults = {};
}

}  // namespace
