// SPDX-License-Identifier: GPL-2.0-only
//
// One file (MDB_NOSUBDIR) with LMDB's default durability: data synced, then the page that makes it
// valid. LMDB would let writers wait for each other; ours shall not, so a lock of our own comes
// first, which also names the holder.
#include "store/durable_map.h"

#include "base/fd.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace hostav {
namespace {

constexpr const char *data_name = "/state.mdb";
constexpr const char *readers_name = "/state.mdb-lock"; // LMDB's own
constexpr const char *lock_name = "/lock";
constexpr mode_t only_us = 0600;
// Address space, not memory; it grows when the map does.
constexpr std::size_t first_map_size = std::size_t{16} << 20;
constexpr std::size_t largest_map_size = std::size_t{1} << 40;

struct Transaction {
    MDB_txn *txn = nullptr;
    Transaction() = default;
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;
    Transaction(Transaction &&) = delete;
    Transaction &operator=(Transaction &&) = delete;
    ~Transaction() {
        if (txn != nullptr)
            mdb_txn_abort(txn);
    }
    int commit() { return mdb_txn_commit(std::exchange(txn, nullptr)); }
};

struct CursorCloser {
    void operator()(MDB_cursor *cursor) const { mdb_cursor_close(cursor); }
};
struct EnvironmentCloser {
    void operator()(MDB_env *env) const { mdb_env_close(env); }
};

/// LMDB never writes through it.
MDB_val value_of(std::string_view bytes) {
    return {bytes.size(), const_cast<char *>(bytes.data())}; // NOLINT(*-const-cast)
}

std::string_view bytes_of(const MDB_val &value) {
    return {static_cast<const char *>(value.mv_data), value.mv_size};
}

/// The process that the lock file names, for people.
std::string holder(int fd) {
    std::array<char, 32> text{};
    const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
    std::string_view digits(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    digits = digits.substr(0, digits.find('\n'));
    return parse_number(digits) ? "in use by process " + std::string(digits)
                                : "in use by another process";
}

Result<Fd> lock_directory(const std::string &directory, const std::string &what) {
    const std::string path = directory + lock_name;
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, only_us));
    if (!fd)
        return fail_errno(escape_path(path));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? fail(what, holder(fd.get())) : fail_errno(escape_path(path));
    const std::string text = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        return fail_errno(escape_path(path));
    return fd;
}

/// The directory is there, and nobody else can put something into it.
Result<Fd> make_directory(const std::string &directory, const std::string &what) {
    if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        return fail_errno(what);
    Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat st = {};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return fail_errno(what);
    if ((st.st_mode & S_IWOTH) != 0)
        return fail(what, "others may write to this directory");
    return fd;
}

} // namespace

struct DurableMap::Impl {
    std::string what; ///< the directory, for errors
    Fd lock;          ///< of the writer, released after the environment is closed
    std::unique_ptr<MDB_env, EnvironmentCloser> env;
    MDB_dbi dbi = 0;

    [[nodiscard]] std::unexpected<Error> failed(int code) const {
        return fail(what, mdb_strerror(code));
    }

    /// Begins; a map that another process made larger is mapped anew.
    int begin(Transaction &to, unsigned flags) const {
        int code = mdb_txn_begin(env.get(), nullptr, flags, &to.txn);
        if (code == MDB_MAP_RESIZED) {
            code = mdb_env_set_mapsize(env.get(), 0);
            if (code == 0)
                code = mdb_txn_begin(env.get(), nullptr, flags, &to.txn);
        }
        return code;
    }

    int open_environment(const std::string &directory, unsigned flags) {
        MDB_env *opened = nullptr;
        if (const int code = mdb_env_create(&opened); code != 0)
            return code;
        env.reset(opened);
        if (const int code = mdb_env_set_mapsize(opened, first_map_size); code != 0)
            return code;
        const std::string path = directory + data_name;
        const int code =
            mdb_env_open(opened, path.c_str(), flags | MDB_NOSUBDIR | MDB_NOTLS, only_us);
        return code == 0 && (flags & MDB_RDONLY) == 0 ? fill_up() : code;
    }

    /// A file that was cut short would end us by SIGBUS where it is read. Zeros instead are no page
    /// of LMDB's, which it says.
    [[nodiscard]] int fill_up() const {
        MDB_envinfo info = {};
        MDB_stat state = {};
        int fd = -1;
        mdb_env_info(env.get(), &info);
        mdb_env_stat(env.get(), &state);
        mdb_env_get_fd(env.get(), &fd);
        struct stat st = {};
        const auto size = static_cast<off_t>((info.me_last_pgno + 1) * state.ms_psize);
        if (::fstat(fd, &st) != 0 || (st.st_size < size && ::ftruncate(fd, size) != 0))
            return errno;
        return 0;
    }

    int open_database(unsigned flags) {
        Transaction transaction;
        if (const int code = begin(transaction, flags); code != 0)
            return code;
        if (const int code = mdb_dbi_open(transaction.txn, nullptr, 0, &dbi); code != 0)
            return code;
        return transaction.commit();
    }

    int apply(const std::map<std::string, std::optional<std::string>> &changes) const {
        Transaction transaction;
        if (const int code = begin(transaction, 0); code != 0)
            return code;
        for (const auto &[key, value] : changes) {
            MDB_val name = value_of(key);
            int code = 0;
            if (value) {
                MDB_val content = value_of(*value);
                code = mdb_put(transaction.txn, dbi, &name, &content, 0);
            } else if (code = mdb_del(transaction.txn, dbi, &name, nullptr); code == MDB_NOTFOUND) {
                code = 0;
            }
            if (code != 0)
                return code;
        }
        return transaction.commit();
    }

    /// Twice as large; ENOMEM where there is no more address space to have.
    [[nodiscard]] int grow() const {
        MDB_envinfo info = {};
        mdb_env_info(env.get(), &info);
        if (info.me_mapsize >= largest_map_size)
            return MDB_MAP_FULL;
        return mdb_env_set_mapsize(env.get(), info.me_mapsize * 2);
    }
};

DurableMap::DurableMap(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DurableMap::DurableMap(DurableMap &&) noexcept = default;
DurableMap &DurableMap::operator=(DurableMap &&) noexcept = default;
DurableMap::~DurableMap() = default;

Result<DurableMap> DurableMap::open(const std::string &directory, Access access) {
    auto impl = std::make_unique<Impl>();
    impl->what = escape_path(directory);
    unsigned flags = 0;
    Fd made;
    if (access == Access::write) {
        auto ready = make_directory(directory, impl->what);
        if (!ready)
            return std::unexpected(ready.error());
        made = std::move(*ready);
        auto lock = lock_directory(directory, impl->what);
        if (!lock)
            return std::unexpected(lock.error());
        impl->lock = std::move(*lock);
    } else {
        flags = MDB_RDONLY;
        // LMDB would make the table of readers, as whoever we are: the writer could not open it.
        if (::access((directory + readers_name).c_str(), F_OK) != 0)
            flags |= MDB_NOLOCK;
    }
    if (const int code = impl->open_environment(directory, flags); code != 0)
        return impl->failed(code);
    if (access == Access::write) {
        // Places of readers that were killed keep old pages from being used again.
        int dead = 0;
        mdb_reader_check(impl->env.get(), &dead);
    }
    if (const int code = impl->open_database(flags & MDB_RDONLY); code != 0)
        return impl->failed(code);
    // A map whose name is not durable is not either.
    if (made && ::fsync(made.get()) != 0)
        return fail_errno(impl->what);
    return DurableMap(std::move(impl));
}

Result<std::optional<std::string>> DurableMap::get(std::string_view key) const {
    Transaction transaction;
    if (const int code = impl_->begin(transaction, MDB_RDONLY); code != 0)
        return impl_->failed(code);
    MDB_val name = value_of(key);
    MDB_val value = {};
    const int code = mdb_get(transaction.txn, impl_->dbi, &name, &value);
    if (code == MDB_NOTFOUND)
        return std::nullopt;
    if (code != 0)
        return impl_->failed(code);
    return std::string(bytes_of(value));
}

Result<std::map<std::string, std::string>> DurableMap::all(std::string_view prefix) const {
    Transaction transaction;
    if (const int code = impl_->begin(transaction, MDB_RDONLY); code != 0)
        return impl_->failed(code);
    MDB_cursor *opened = nullptr;
    if (const int code = mdb_cursor_open(transaction.txn, impl_->dbi, &opened); code != 0)
        return impl_->failed(code);
    const std::unique_ptr<MDB_cursor, CursorCloser> cursor(opened);
    std::map<std::string, std::string> pairs;
    MDB_val name = value_of(prefix);
    MDB_val value = {};
    int code = mdb_cursor_get(opened, &name, &value, prefix.empty() ? MDB_FIRST : MDB_SET_RANGE);
    while (code == 0 && bytes_of(name).starts_with(prefix)) {
        pairs.emplace_hint(pairs.end(), bytes_of(name), bytes_of(value));
        code = mdb_cursor_get(opened, &name, &value, MDB_NEXT);
    }
    if (code != 0 && code != MDB_NOTFOUND)
        return impl_->failed(code);
    return pairs;
}

Result<void> DurableMap::commit(const std::map<std::string, std::optional<std::string>> &changes) {
    if (!impl_->lock)
        return fail(impl_->what, "is open for reading only");
    int code = impl_->apply(changes);
    while (code == MDB_MAP_FULL) {
        code = impl_->grow();
        if (code == 0)
            code = impl_->apply(changes);
    }
    if (code == MDB_BAD_VALSIZE)
        return fail(impl_->what, "a key is empty or longer than 511 bytes");
    if (code != 0)
        return impl_->failed(code);
    return {};
}

} // namespace hostav
