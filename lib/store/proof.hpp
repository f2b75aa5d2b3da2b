// SPDX-License-Identifier: Apache-2.0
// Proofs: the record that a generation was imported and checked on an instance.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "store/generation.hpp"

namespace rs::store {

// The file names/NAME/E.C.proof.INSTANCE, lines "key value" (rs-store(5)).
struct Proof {
    Generation generation;
    std::string instance; // a name as valid_name() takes it
    UtcTime time;         // when it was proven
    double seconds = 0;   // how long import and check took
    chunk::Digest digest{}; // of the tree that was proven
};

// Durable when it returns. The same instance proving again replaces its earlier proof. A generation that is not there
// (any more) is Error(Exit::no_input).
void write_proof(const Store& store, const std::string& name, const Proof& proof);

// The proofs of one name, whose directory is listed once, when this is made. `name_dir` must outlive it.
class ProofList {
public:
    explicit ProofList(const io::Dir& name_dir);
    // Proofs of a generation, by instance; those of another content than `digest` and unreadable ones are left out.
    [[nodiscard]] std::vector<Proof> of(const Generation& id, const chunk::Digest& digest) const;
    // Removes all proofs of a generation.
    void remove(const Generation& id) const;

private:
    template <class F>
    void for_each(const Generation& id, F&& f) const;

    const io::Dir& dir_;
    std::set<std::string> files_;
};

} // namespace rs::store
