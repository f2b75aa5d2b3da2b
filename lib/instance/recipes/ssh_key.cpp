// SPDX-License-Identifier: Apache-2.0
// ssh-key: a pair of keys, made once by ssh-keygen; the private one is a file of the instance that its owner alone can
// read, with the public one beside it, which is also the option public-key.
#include <filesystem>

#include "base/error.hpp"
#include "base/text.hpp"
#include "instance/recipes.hpp"
#include "io/child.hpp"
#include "io/file.hpp"
#include "profile/blanks.hpp"

namespace rs::instance {

namespace {

constexpr std::size_t max_key_bytes = 64 << 10;

struct Pair {
    std::string secret, open;
};

// ssh-keygen writes files and nothing else: into a directory that is ours alone, and gone when this ends.
class Scratch {
public:
    Scratch() : path_((std::filesystem::temp_directory_path() / "rs-ssh-key.XXXXXX").string()) {
        if (::mkdtemp(path_.data()) == nullptr) fail_errno(Exit::cant_create, path_, "create directory");
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string name_of(const char* entry) const { return cat(path_, "/", entry); }

private:
    std::string path_;
};

std::string output_of(const std::vector<std::string>& argv) {
    io::Child child(argv);
    const Buffer out = io::read_file(child.output(), max_key_bytes, argv.front());
    child.wait("OpenSSH has it");
    return std::string(as_text(out));
}

Pair make_pair(const std::string& type, const std::string& comment) {
    const Scratch scratch;
    const std::string file = scratch.name_of("key");
    static_cast<void>(output_of({"ssh-keygen", "-q", "-t", type, "-N", "", "-C", comment, "-f", file}));
    const auto read = [](const std::string& path) {
        return std::string(as_text(io::read_file(io::open_file(path).get(), max_key_bytes, path)));
    };
    return {read(file), read(file + ".pub")};
}

} // namespace

void recipe_ssh_key(Part& part) {
    Plan& plan = part.builder.plan();
    const std::string what = cat("[", part.name(), "]");
    const std::string path = path_below(plan.root(), part.get("private-key", cat("etc/ssh/", part.name())), what);
    const std::string type = part.get("type", "ed25519");
    if (type != "ed25519" && type != "ecdsa" && type != "rsa") part.fail("type", cat(printable(type), ": not ed25519, ecdsa or rsa"));
    Pair pair;
    if (auto secret = part.builder.kept(path, what)) {
        pair.secret = std::move(*secret);
        const auto open = part.builder.kept(path + ".pub", what);
        pair.open = open ? *open : output_of({"ssh-keygen", "-y", "-f", cat(plan.root(), "/", path)});
    } else {
        const std::string& instance = part.builder.description().name;
        pair = make_pair(type, instance.empty() ? part.name() : instance);
    }
    // The comment says where the key comes from, to people who read the file; the key is its first two words.
    const auto words = profile::words(pair.open);
    if (words.size() < 2) part.fail("private-key", cat(printable(path), ".pub: not a public key"), "without that file it is made again from the private one");
    part.set("public-key", cat(words[0], " ", words[1]));
    part.set("private-key", cat(plan.root(), "/", path));
    plan.secret(part.name(), path, std::move(pair.secret));
    plan.file(part.name(), path + ".pub", std::move(pair.open));
}

} // namespace rs::instance
