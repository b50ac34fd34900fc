// The stress database and what is true in each of its commits:
//   user_version counts the transactions of the writers, one by one;
//   ledger holds a row for each of the newest transactions, so max(ledger.n) = user_version;
//   transfers move money between accounts, so sum(account.balance) = 0.
#pragma once
#include "connection.h"
#include "session.h"

namespace stress {

constexpr std::uint32_t kAccounts = 200;

// Creates the database, or does nothing to one that is there. False when it could not.
bool create_database(const Options& options);

// Runs until the session is over; returns the exit code.
enum class Pace { kMixed, kSlow, kHot };
int run_writer(const Options& options, Pace pace);
int run_reader(const Options& options);
int run_bench(const Options& options);

}  // namespace stress
