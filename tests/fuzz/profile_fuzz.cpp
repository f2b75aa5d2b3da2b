// SPDX-License-Identifier: Apache-2.0
// Profiles: whatever resolves can be written, and is read back as the same.
#include "fuzz.hpp"
#include "profile/parser.hpp"
#include "profile/resolver.hpp"
#include "profile/writer.hpp"

using namespace rs;

namespace {

bool never(const std::string&) { return false; }

void check_written(const std::string& name, const std::string& value) {
    std::string text;
    try {
        text = profile::assignment(name, value);
    } catch (const Error&) {
        return; // a value for which there is no way
    }
    const profile::Sections read = profile::parse("[a]\n" + text + "[b]\n", "", never);
    const profile::Option* const back = read.find("a")->find(name);
    if (read.size() != 2 || back == nullptr || back->value != value) __builtin_trap();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 1 << 16) return 0;
    return fuzz::run([&] {
        const std::string_view text = as_text(fuzz::bytes(data, size));
        static_cast<void>(profile::dedent(text));
        profile::Sections sections = profile::parse(text, "t", never);
        profile::lay_over(sections, profile::Sections(sections));
        for (const auto& [name, section] : sections) {
            // A new one for each: none is to be used after an Error.
            static_cast<void>(fuzz::run([&, name = name] {
                profile::Resolver resolver(sections);
                for (const auto& [option, o] : resolver.section(name))
                    check_written(option, resolver.require(name, option));
            }));
        }
        static_cast<void>(fuzz::run([&] {
            profile::Resolver resolver(sections);
            static_cast<void>(resolver.substitute("buildout", text, "t"));
            resolver.look_at_parts();
        }));
    });
}
