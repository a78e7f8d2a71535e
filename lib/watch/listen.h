// SPDX-License-Identifier: GPL-2.0-only
//
// The sockets of the door: made by root, listened to by the door's account.
#pragma once

#include "base/account.h"
#include "base/error.h"
#include "base/fd.h"
#include "watch/config.h"

#include <functional>
#include <string>
#include <vector>

namespace hostav {

class Listeners {
  public:
    /// Takes the sockets that systemd hands over, else binds LocalSocket and TCPSocket (the
    /// loopback addresses, unless TCPAddr names others). Nobody is let in yet. `owner` null: only
    /// who runs this may connect (mode 0600), whatever the configuration says. `log`: lines for the
    /// log.
    static Result<Listeners> bind(const WatchConfig &config, const Account *owner,
                                  const std::function<void(const std::string &)> &log);
    Listeners(Listeners &&) noexcept = default;
    Listeners &operator=(Listeners &&) = delete;
    Listeners(const Listeners &) = delete;
    Listeners &operator=(const Listeners &) = delete;
    ~Listeners(); ///< removes LocalSocket where this process made it

    /// From now on clients are let in.
    Result<void> listen(int backlog);
    [[nodiscard]] std::vector<int> fds() const;
    /// Removes LocalSocket now; whether it was ours and there.
    bool remove();

  private:
    Listeners() = default;
    std::vector<Fd> sockets_;
    std::string path_; ///< of the socket that we have made
    pid_t maker_ = 0;
};

} // namespace hostav
