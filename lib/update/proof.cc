// SPDX-License-Identifier: GPL-2.0-only
#include "update/proof.h"

#include "base/account.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/cage.h"
#include "engine/caged_engine.h"
#include "update/vital.h"

#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>

namespace hostav {

namespace {

constexpr const char *proof_directory = "proof";
constexpr std::size_t most_false_alarms = 10;
constexpr mode_t readable = 0755;

/// The files where the caged child sees them. Links, so that nothing is copied; whoever the child
/// is, it must be able to read them.
Result<void> lay_out(int databases, const std::vector<ProofFile> &files) {
    for (const auto &file : files) {
        struct stat st = {};
        if (::fstatat(file.directory, file.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
            return fail_errno(escape_path(file.name));
        const bool linkable = (st.st_mode & S_IROTH) != 0;
        auto laid = linkable ? link_or_copy(file.directory, file.name, databases, file.name)
                             : copy_file(file.directory, file.name, databases, file.name);
        if (!laid)
            return laid;
        if (!linkable && ::fchmodat(databases, file.name.c_str(),
                                    st.st_mode | S_IRUSR | S_IRGRP | S_IROTH, 0) != 0)
            return fail_errno(escape_path(file.name));
    }
    return {};
}

/// STATE/proof with `db` and `tmp`, gone with this object.
class Ground {
  public:
    static Result<Ground> make(const Places &places, const std::vector<ProofFile> &files) {
        auto top = places.make_empty(proof_directory);
        if (!top)
            return std::unexpected(top.error());
        Ground ground(places, std::move(*top));
        for (const char *name : {"db", "tmp"})
            if (::mkdirat(ground.top_.get(), name, readable) != 0)
                return fail_errno(name);
        const Fd databases(::openat(ground.top_.get(), "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!databases)
            return fail_errno("db");
        if (auto laid = lay_out(databases.get(), files); !laid)
            return std::unexpected(laid.error());
        if (auto given = ground.give_temporary(); !given)
            return std::unexpected(given.error());
        return ground;
    }
    Ground(Ground &&) = default;
    Ground &operator=(Ground &&) = delete;
    Ground(const Ground &) = delete;
    Ground &operator=(const Ground &) = delete;
    ~Ground() {
        if (!top_)
            return;
        const AsRoot root; // `tmp` is the cage account's
        remove_contents(top_.get());
    }
    [[nodiscard]] std::string path() const { return path_; }

  private:
    std::string path_;
    Fd top_;
    Ground(const Places &places, Fd top)
        : path_(places.state() + "/" + proof_directory), top_(std::move(top)) {}

    /// As root the child is another account than ours.
    [[nodiscard]] Result<void> give_temporary() const {
        const AsRoot root;
        if (::geteuid() != 0)
            return {};
        uid_t uid = 0;
        gid_t gid = 0;
        if (auto found = cage_account(uid, gid); !found)
            return found;
        const Fd tmp(::openat(top_.get(), "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!tmp || ::fchown(tmp.get(), uid, gid) != 0)
            return fail_errno("tmp");
        return {};
    }
};

Result<CagedEngine> load(const UpdateConfig &config, const Ground &ground, Signals *signals) {
    CagedEngineOptions options;
    options.directory = ground.path();
    options.memory = config.proof_memory;
    options.load_limit = std::chrono::seconds(config.proof_timeout);
    options.signals = signals;
    options.engine.load.bytecode = config.bytecode;
    prepare_for_cage();
    const AsRoot root; // to enter the cage takes root, where there is root
    options.change_user = ::geteuid() == 0;
    return CagedEngine::load(options);
}

/// Scans what must not be found. False when that is enough: ten false alarms, or no engine left.
bool scan_vital_file(const VitalFile &file, CagedEngine &engine, Proof &proof) {
    const auto shown = escape_path(file.name);
    if (!file.fd) {
        proof.not_looked_at.push_back(shown);
        return true;
    }
    const auto report = engine.scan(file.fd.get(), file.name.substr(file.name.rfind('/') + 1));
    if (!report) {
        proof.why = shown + ": " + report.error().why;
        return false;
    }
    ++proof.vital_files;
    if (report->verdict == Verdict::infected)
        proof.false_alarms.push_back({shown, escape_path(report->detections.front().signature)});
    else if (report->verdict == Verdict::error)
        proof.not_looked_at.push_back(shown);
    return proof.false_alarms.size() < most_false_alarms;
}

void scan_eicar(CagedEngine &engine, Proof &proof) {
    const auto eicar = eicar_file();
    const auto report = eicar ? engine.scan(eicar->get(), "eicar.com")
                              : Result<Report>(std::unexpected(eicar.error()));
    if (!report)
        proof.why = "EICAR: " + report.error().text();
    else if (report->verdict == Verdict::infected)
        proof.eicar = escape_path(report->detections.front().signature);
}

} // namespace

Result<Proof> prove(const UpdateConfig &config, const Places &places, const ProofRequest &request,
                    Signals *signals) {
    const auto start = std::chrono::steady_clock::now();
    auto ground = Ground::make(places, request.files);
    if (!ground)
        return std::unexpected(ground.error());
    Proof proof;
    auto engine = load(config, *ground, signals);
    if (signals != nullptr && signals->pending() != 0)
        return fail("proof", "interrupted");
    if (!engine) {
        proof.why = engine.error().text();
        if (config.proof_memory != 0)
            proof.why += " (within ProofMemory, " + std::to_string(config.proof_memory) + " bytes)";
        return proof;
    }
    proof.loaded = true;
    proof.signatures = engine->signatures();
    const auto scan = [&](const VitalFile &file) { return scan_vital_file(file, *engine, proof); };
    if (request.also == nullptr || scan(*request.also))
        if (request.vital_files)
            for_each_vital_file(config, scan);
    if (proof.why.empty())
        scan_eicar(*engine, proof);
    if (signals != nullptr && signals->pending() != 0)
        return fail("proof", "interrupted");
    proof.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return proof;
}

} // namespace hostav
