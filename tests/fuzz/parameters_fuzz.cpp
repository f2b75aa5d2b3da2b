// SPDX-License-Identifier: Apache-2.0
// The parameters of an instance: XML, JSON and lines; and what is made of them.
#include "base/shell.hpp"
#include "base/text.hpp"
#include "fuzz.hpp"
#include "sla/notation.hpp"
#include "sla/placement.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run([&] {
        const sla::Parameters all = sla::read_parameters(as_text(fuzz::bytes(data, size)), std::nullopt, "f");
        for (const sla::Parameter& p : all)
            if (p.id.empty() || !valid_utf8(p.id) || !valid_utf8(p.value.dump())) __builtin_trap();
        const auto requests = sla::requests_of("n", 3);
        const auto unused = sla::unused(all, requests);
        if (sla::without_placement(all).size() + unused.size() > all.size()) __builtin_trap();
        for (const sla::Request& r : requests)
            for (const auto& [key, value] : sla::placement_of(all, r)) {
                const std::string name = sla::shell_name(key, ""), word = shell_quote(value);
                if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) __builtin_trap();
                if (word.empty() || sla::cfg_line(key, value).find('\n') != std::string::npos) __builtin_trap();
            }
    });
}
