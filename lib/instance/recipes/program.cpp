// SPDX-License-Identifier: Apache-2.0
// A recipe of the user's own: an executable that reads its section as JSON and prints what the part consists of.
//
// In:  {"name": ..., "root": ..., "options": {...}, "instance": {...}}
// Out: {"options": {NAME: VALUE}, "directories": [{"path", "mode"}], "files": [{"path", "content", "mode"}],
//       "links": [{"path", "target"}], "published": {...}}, each of them optional, modes as octal text
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "instance/recipes.hpp"
#include "io/child.hpp"
#include "io/file.hpp"

namespace rs::instance {

namespace {

constexpr std::size_t max_output_bytes = 64 << 20;

// Standard input of the executable: a file in memory, since it may print before it has read everything.
io::Fd as_input(const std::string& text) {
    io::Fd fd(::memfd_create("recipe", MFD_CLOEXEC));
    if (!fd) fail_errno(Exit::io, "memfd", "create");
    io::write_all(fd.get(), as_bytes(text), "memfd");
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) fail_errno(Exit::io, "memfd", "rewind");
    return fd;
}

Json run(Part& part) {
    const std::string program = part.require("recipe");
    Json input{{"name", part.name()}, {"root", part.builder.plan().root()}, {"options", Json::object()},
               {"instance", description_json(part.builder.description())}};
    for (const std::string& option : part.options()) input["options"][option] = part.get(option);
    const io::Fd in = as_input(cat(input.dump(-1, ' ', false, Json::error_handler_t::replace), "\n"));
    const Buffer bytes = [&] {
        try {
            io::Child child({program}, in.get());
            Buffer printed = io::read_file(child.output(), max_output_bytes, program);
            child.wait();
            return printed;
        } catch (const Error& e) {
            throw e.within(cat("[", printable(part.name()), "]"));
        }
    }();
    Json out = Json::parse(as_text(bytes), nullptr, false);
    if (!out.is_object()) part.fail("recipe", cat(printable(program), ": printed no JSON object"));
    return out;
}

std::string text_of(Part& part, const Json& item, const char* member) {
    if (!item.is_object() || !item.contains(member) || !item[member].is_string())
        part.fail("recipe", cat("its executable printed an item without a text \"", member, "\""));
    return item[member].get<std::string>();
}

std::optional<mode_t> mode_of(Part& part, const Json& item) {
    if (!item.contains("mode")) return std::nullopt;
    const std::string text = text_of(part, item, "mode");
    if (const auto mode = parse_mode(text)) return mode;
    part.fail("recipe", cat("its executable printed no octal mode: ", printable(text)));
}

} // namespace

void recipe_program(Part& part) {
    const Json out = run(part);
    Plan& plan = part.builder.plan();
    for (const auto& [member, items] : out.items()) {
        const bool by_name = member == "options" || member == "published";
        const bool known = by_name || member == "directories" || member == "files" || member == "links";
        if (!known || (by_name ? !items.is_object() : !items.is_array()))
            part.fail("recipe", cat("its executable printed \"", printable(member), "\", which is ", known ? "of another type" : "nothing known"),
                      "rs-profile(5) tells what it may print");
        for (const auto& [key, item] : items.items()) {
            if (member == "options")
                part.set(key, option_value(item));
            else if (member == "published")
                part.builder.published()[key] = item;
            else if (member == "directories")
                plan.directory(part.name(), text_of(part, item, "path"), mode_of(part, item));
            else if (member == "files")
                plan.file(part.name(), text_of(part, item, "path"), text_of(part, item, "content"),
                          mode_of(part, item).value_or(file_mode));
            else
                plan.link(part.name(), text_of(part, item, "path"), text_of(part, item, "target"));
        }
    }
}

} // namespace rs::instance
