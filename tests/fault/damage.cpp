// SPDX-License-Identifier: Apache-2.0
// Streams and stores, cut at every place and with every byte changed: refused, or taken and right.
//
//     damage SECTION [--full | --every N]
//
// SECTION is pull, import, have or store. --every N takes each Nth case, so that offsets and values both move on;
// --full takes all of them. Without either some thousand are taken.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <set>

#include "base/text.hpp"
#include "world.hpp"

using namespace rs;
using namespace rs::fault;

namespace {

// Each Nth of: cut behind each byte, and each byte with each of its 255 other values.
class Harms {
public:
    explicit Harms(std::uint64_t every) : every_(every) {}

    // try_one(harmed, what was done to it)
    void each(const Buffer& good, const std::string& what,
              const std::function<void(const Buffer&, const std::string&)>& try_one) {
        for (std::size_t at = 1; at < good.size(); ++at) {
            if (!mine()) continue;
            try_one(Buffer(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at)),
                    cat(what, " cut at ", at));
        }
        Buffer harmed = good;
        for (std::size_t at = 0; at < good.size(); ++at) {
            for (unsigned mask = 1; mask < 256; ++mask) {
                if (!mine()) continue;
                harmed[at] = good[at] ^ std::byte{static_cast<std::uint8_t>(mask)};
                try_one(harmed, cat(what, " byte ", at, " xor ", mask));
            }
            harmed[at] = good[at];
        }
    }

private:
    bool mine() { return number_++ % every_ == 0; }
    std::uint64_t every_, number_ = 0;
};

// After so many refusals what they left is looked at as a whole.
constexpr std::uint64_t deep_look = 50;

// Runs it. True: it did it; false: it refused in a way that is allowed. Anything else is wrong.
template <class F>
bool accepted(Verdict& verdict, const std::string& where, const std::set<Exit>& allowed, F&& f) {
    try {
        f();
        return true;
    } catch (const Error& e) {
        verdict.count(cat("refused with ", static_cast<int>(e.code())));
        verdict.require(allowed.contains(e.code()), where,
                        cat("exit code ", static_cast<int>(e.code()), ": ", e.what()));
    } catch (const std::exception& e) {
        verdict.wrong(where, cat("not an Error: ", e.what()));
    }
    return false;
}

bool damage_pull(std::uint64_t every) {
    World w;
    Verdict verdict("damaged stream into a store");
    const Snapshot store(w.store), names(w.store + "/names");
    const Buffer first = emit(w.store, "1.1"), second = emit(w.store, "1.2");
    // What was refused has done no harm, and what is whole is still taken.
    const auto look = [&](const std::string& where) {
        if (const std::string found = check(w.store); !found.empty()) verdict.wrong(where, found);
        verdict.require(emit(w.store, "1.1") == first && emit(w.store, "1.2") == second, where,
                        "an old generation changed");
        pull(w.store, w.delta);
        verdict.require(image_of_stream(w.scratch, emit(w.store, "1.3")) == w.images[3], where,
                        "the next pull is wrong");
        store.restore();
    };
    Harms harms(every);
    std::uint64_t refused = 0;
    const auto try_one = [&](const Buffer& harmed, const std::string& where) {
        // An epoch in the header that has become smaller is fenced before the damage is seen.
        if (accepted(verdict, where, {Exit::data, Exit::temp_fail, Exit::fenced},
                     [&] { pull(w.store, harmed); })) {
            verdict.example("accepted", where);
            verdict.require(check(w.store).empty(), where, "accepted, and the store is damaged");
            verdict.require(image_of_stream(w.scratch, emit(w.store, "1.3")) == w.images[3], where,
                            "accepted, and wrong");
            store.restore();
            return;
        }
        verdict.require(Snapshot(w.store + "/names") == names, where,
                        "refused, and generations changed");
        if (++refused % deep_look == 0) look(where);
    };
    harms.each(w.whole, "whole", try_one);
    harms.each(w.delta, "delta", try_one);
    look("the end");
    return verdict.finish();
}

void renew_target(const World& w, ByteSpan stream) {
    remove_all(w.target);
    remove_all(w.scratch.path(".target.rs-import"));
    import(w.target, stream);
}

bool damage_import(std::uint64_t every) {
    World w;
    Verdict verdict("damaged stream into a tree");
    const Buffer second = emit(w.store, "1.2");
    Harms harms(every);
    std::uint64_t refused = 0;
    const auto try_one = [&](const Buffer& harmed, const std::string& where) {
        if (accepted(verdict, where, {Exit::data, Exit::temp_fail},
                     [&] { import(w.target, harmed); })) {
            verdict.example("accepted", where);
            verdict.require(image_of(w.target) == w.images[3], where, "accepted, and wrong");
            renew_target(w, second);
            return;
        }
        verdict.require(image_of(w.target) == w.images[2], where, "refused, and the tree changed");
        if (++refused % deep_look != 0) return;
        import(w.target, w.delta);
        verdict.require(image_of(w.target) == w.images[3], where, "the next import is wrong");
        renew_target(w, second);
    };
    harms.each(w.whole, "whole", try_one);
    harms.each(w.delta, "delta", try_one);
    import(w.target, w.delta);
    verdict.require(image_of(w.target) == w.images[3], "the end", "the next import is wrong");
    return verdict.finish();
}

bool damage_have(std::uint64_t every) {
    World w;
    Verdict verdict("damaged have stream");
    const Snapshot store(w.store);
    const Buffer second = emit(w.store, "1.2"), held = target_have(w.target);
    Harms harms(every);
    const std::set<Exit> allowed = {Exit::data, Exit::temp_fail, Exit::fenced};
    harms.each(w.have, "of the store", [&](const Buffer& harmed, const std::string& where) {
        Buffer stream;
        if (!accepted(verdict, where, allowed, [&] { stream = export_tree(w.trees[3], harmed); }))
            return;
        verdict.example("exported", where);
        if (accepted(verdict, where, allowed, [&] { pull(w.store, stream); }))
            verdict.require(image_of_stream(w.scratch, emit(w.store, "latest")) == w.images[3],
                            where, "pulled, and wrong");
        store.restore();
    });
    pull(w.store, w.delta);
    harms.each(held, "of the tree", [&](const Buffer& harmed, const std::string& where) {
        Buffer stream;
        if (!accepted(verdict, where, allowed, [&] { stream = emit(w.store, "1.3", harmed); }))
            return;
        verdict.example("emitted", where);
        if (accepted(verdict, where, allowed, [&] { import(w.target, stream); }))
            verdict.require(image_of(w.target) == w.images[3], where, "imported, and wrong");
        renew_target(w, second);
    });
    return verdict.finish();
}

bool damage_store(std::uint64_t every) {
    World w;
    Verdict verdict("damaged store");
    const Snapshot store(w.store);
    const Buffer whole[] = {{}, emit(w.store, "1.1"), emit(w.store, "1.2")};
    Harms harms(every);
    for (const auto& [file, content] : store.files()) {
        if (content.empty()) continue; // directories, locks
        const std::string path = cat(w.store, "/", file);
        const ByteSpan bytes = as_bytes(content);
        harms.each(Buffer(bytes.begin(), bytes.end()), file,
                   [&](const Buffer& harmed, const std::string& where) {
                       put_file(path, as_text(harmed));
                       bool all = true;
                       for (const unsigned i : {1U, 2U}) {
                           Buffer out;
                           const bool given =
                               accepted(verdict, where, {Exit::data, Exit::no_input, Exit::io},
                                        [&] { out = emit(w.store, cat("1.", i)); });
                           all = all && given;
                           if (given && out != whole[i])
                               verdict.require(image_of_stream(w.scratch, out) == w.images[i],
                                               where, "delivered, and wrong");
                       }
                       std::string found = "(none)";
                       static_cast<void>(
                           accepted(verdict, where, {}, [&] { found = check(w.store); }));
                       verdict.require(all || !found.empty(), where,
                                       "not delivered, and the check finds nothing");
                       if (all && found.empty()) verdict.example("without any effect", where);
                       if (all && !found.empty()) verdict.count("found by the check only");
                   });
        put_file(path, content);
        verdict.require(Snapshot(w.store) == store, file, "reading and checking changed the store");
        store.restore();
    }
    return verdict.finish();
}

} // namespace

int main(int argc, char** argv) {
    const std::map<std::string, std::pair<bool (*)(std::uint64_t), std::uint64_t>> sections = {
        {"pull", {damage_pull, 331}},
        {"import", {damage_import, 997}},
        {"have", {damage_have, 331}},
        {"store", {damage_store, 331}},
    };
    const auto section = sections.find(argc > 1 ? argv[1] : "");
    if (section == sections.end()) {
        std::fputs("usage: damage pull|import|have|store [--full | --every N]\n", stderr);
        return 64;
    }
    std::uint64_t every = section->second.second;
    if (argc > 2 && std::strcmp(argv[2], "--full") == 0) every = 1;
    if (argc > 3 && std::strcmp(argv[2], "--every") == 0) every = parse_u64(argv[3]).value_or(1);
    try {
        return section->second.first(every) ? 0 : 1;
    } catch (const std::exception& e) { // a step that is not under test
        std::fprintf(stderr, "damage: %s\n", e.what());
        return 1;
    }
}
