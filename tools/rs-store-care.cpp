// SPDX-License-Identifier: Apache-2.0
// rs-store check, repair, prune, copy.
#include "base/text.hpp"
#include "rs-store.hpp"
#include "store/check.hpp"
#include "store/copy.hpp"
#include "store/prune.hpp"

using namespace rs;
using nlohmann::json;

namespace {

void show(tool::Command& command, const store::Finding& f) {
    command.line(cat(f.object, ": ", f.what), [&] {
        return json{{"object", tool::json_text(f.object)}, {"what", tool::json_text(f.what)}};
    });
}

struct CheckOptions {
    std::string store, budget;
    bool read_data = false;
};

Exit run_check(tool::Command& command, const CheckOptions& o) {
    store::CheckOptions options;
    options.read_data = o.read_data;
    if (!o.budget.empty()) {
        options.budget_seconds = parse_seconds(o.budget);
        if (!options.budget_seconds) fail(Exit::usage, cat("--budget ", printable(o.budget), ": not a duration"), "for example 60s or 10m");
        options.read_data = true;
    }
    const store::Store s(o.store);
    const store::CheckReport r =
        store::check(s, options, [&](const store::Finding& f) { show(command, f); }, command.console());
    json& j = command.result();
    j["generations"] = r.generations;
    j["packs"] = r.packs;
    j["chunks"] = r.chunks;
    j["read_bytes"] = r.read_bytes;
    j["verified_chunks"] = r.verified_chunks;
    j["findings"] = r.findings;
    j["complete"] = r.complete;
    if (r.findings > 0)
        fail(Exit::data, cat(printable(o.store), ": ", count_of(r.findings, "finding")),
             "'rs-store repair' says which generations are hurt; the next pull heals what its source still has");
    std::string text = cat(count_of(r.generations, "generation"), ", ", count_of(r.packs, "pack"), ", ", count_of(r.chunks, "chunk"));
    if (options.read_data) text += cat(", ", human_bytes(r.read_bytes), " read and verified");
    if (!r.complete) text += cat(", up to pack ", r.read_through, "; the next run goes on there");
    if (!command.json()) command.line(cat(printable(o.store), ": ok: ", text), [] { return json(); });
    return Exit::ok;
}

struct RepairOptions {
    std::string store;
    bool set_aside = false;
};

Exit run_repair(tool::Command& command, const RepairOptions& o) {
    const store::Store s(o.store);
    const store::RepairReport r =
        store::repair(s, {.set_aside = o.set_aside}, [&](const store::Finding& f) { show(command, f); }, command.console());
    json& j = command.result();
    j["rebuilt_indexes"] = r.rebuilt_indexes;
    j["mended_packs"] = r.mended_packs;
    j["lost_chunks"] = r.lost_chunks;
    j["damaged_generations"] = r.damaged_generations;
    j["damaged_files"] = r.damaged_files;
    j["set_aside"] = r.set_aside;
    if (r.mended_packs > 0 && !command.json())
        command.line(cat(printable(o.store), ": ", count_of(r.mended_packs, "pack"), " mended"), [] { return json(); });
    if (!command.json())
        command.line(cat(printable(o.store), ": ", count_of(r.rebuilt_indexes, "index file"), " rebuilt, ",
                         count_of(r.lost_chunks, "chunk"), " newly lost, ", count_of(r.damaged_generations, "generation"),
                         " damaged"),
                     [] { return json(); });
    return r.damaged_generations > 0 ? Exit::warned : Exit::ok;
}

struct PruneOptions {
    std::string store, name;
    std::vector<std::string> rules;
    std::uint64_t last = 0, hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0, floor = 3;
    bool accept_shrink = false, dry_run = false;
};

Exit run_prune(tool::Command& command, const PruneOptions& o) {
    store::PruneOptions options;
    for (const std::string& text : o.rules) {
        const auto rule = store::parse_rule(text);
        if (!rule)
            fail(Exit::usage, cat("--keep ", printable(text), ": not a rule"),
                 "an age such as 2W, a number of backups such as 3B, or a time such as 2026-11-20");
        options.policy.rules.push_back(*rule);
    }
    options.policy.keep_last = o.last;
    options.policy.keep_hourly = o.hourly;
    options.policy.keep_daily = o.daily;
    options.policy.keep_weekly = o.weekly;
    options.policy.keep_monthly = o.monthly;
    options.policy.keep_yearly = o.yearly;
    options.policy.floor = o.floor;
    options.name = o.name;
    options.accept_shrink = o.accept_shrink;
    options.dry_run = o.dry_run;
    const store::Store s(o.store);
    const store::PruneReport r = store::prune(s, options, now_utc(), command.console());
    for (const store::PlannedGeneration& p : r.plan) {
        std::string reasons;
        for (const std::string& reason : p.decision.reasons) reasons += (reasons.empty() ? "" : ", ") + reason;
        const bool keep = p.decision.keep();
        if (!o.dry_run && keep) continue;
        command.line(cat(p.place.str(), "  ", format_utc(p.time), "  ", keep ? "keep: " : "remove", reasons), [&] {
            return json{{"name", p.place.name},    {"generation", p.place.id.str()}, {"time", format_utc(p.time)},
                        {"tree_bytes", p.bytes},   {"proven", p.proven},             {"keep", keep},
                        {"reasons", p.decision.reasons}};
        });
    }
    for (const std::string& name : r.frozen)
        command.console().warn(cat(name, ": retention is frozen because a generation shrank; look at it, then use --accept-shrink"));
    json& j = command.result();
    j["dry_run"] = o.dry_run;
    j["frozen"] = r.frozen;
    j["removed_generations"] = r.removed_generations;
    j["removed_packs"] = r.removed_packs;
    j["rewritten_packs"] = r.rewritten_packs;
    j["freed_bytes"] = r.freed_bytes;
    if (!command.json())
        command.line(o.dry_run ? cat("about ", human_bytes(r.freed_bytes), " would be unused")
                               : cat(count_of(r.removed_generations, "generation"), " removed, ", human_bytes(r.freed_bytes), " freed"),
                     [] { return json(); });
    return Exit::ok;
}

struct CopyOptions {
    std::string store, target, name, as;
};

Exit run_copy(tool::Command& command, const CopyOptions& o) {
    if (!o.as.empty() && o.name.empty()) fail(Exit::usage, "--as: which name is called so?", "give --name as well");
    const store::Store from(o.store), to(o.target);
    if (from.config().key != to.config().key)
        command.console().note("the stores have different keys: chunks are hashed anew");
    std::uint64_t failed = 0;
    const store::CopyReport r = store::copy(
        from, to, o.name, o.as,
        [&](const store::GenerationPlace& place, const std::string& error) {
            if (error.empty()) {
                command.line(place.str(), [&] { return json{{"name", place.name}, {"generation", place.id.str()}}; });
                return;
            }
            ++failed;
            command.console().warn(cat(place.str(), ": not copied: ", error));
        },
        command.console());
    json& j = command.result();
    j["copied_generations"] = r.generations;
    j["already_there"] = r.already_there;
    j["failed_generations"] = failed;
    j["new_bytes"] = r.new_bytes;
    return failed > 0 ? Exit::data : Exit::ok;
}

} // namespace

void store_tool::add_care(tool::Command& command, std::function<Exit()>& chosen) {
    CLI::App* sub = nullptr;
    const auto check = add<CheckOptions>(command, chosen, "check", "is everything there and whole", sub, run_check);
    sub->add_flag("--read-data", check->read_data, "read and verify every chunk");
    sub->add_option("--budget", check->budget, "read for so long, go on there next time")->type_name("TIME");
    const auto repair = add<RepairOptions>(command, chosen, "repair", "rebuild indexes, name what is damaged", sub, run_repair);
    sub->add_flag("--set-aside", repair->set_aside, "put generations without a manifest out of the way");
    const auto prune = add<PruneOptions>(command, chosen, "prune", "remove generations by rule", sub, run_prune);
    const CLI::Range count(0, 1000000);
    sub->add_option("--keep", prune->rules, "an age (2W), a number of backups (3B), a time")->type_name("RULE")->allow_extra_args(false);
    sub->add_option("--keep-last", prune->last, "the newest N")->check(count)->type_name("N");
    sub->add_option("--keep-hourly", prune->hourly, "the newest of each of N hours")->check(count)->type_name("N");
    sub->add_option("--keep-daily", prune->daily, "the newest of each of N days")->check(count)->type_name("N");
    sub->add_option("--keep-weekly", prune->weekly, "the newest of each of N weeks")->check(count)->type_name("N");
    sub->add_option("--keep-monthly", prune->monthly, "the newest of each of N months")->check(count)->type_name("N");
    sub->add_option("--keep-yearly", prune->yearly, "the newest of each of N years")->check(count)->type_name("N");
    sub->add_option("--floor", prune->floor, "newest proven ones that no rule removes")->check(CLI::Range(1, 1000000))->type_name("N");
    sub->add_option("--name", prune->name, "only this name")->type_name("NAME");
    sub->add_flag("--accept-shrink", prune->accept_shrink, "end the freeze after a suspicious shrink");
    sub->add_flag("--dry-run", prune->dry_run, "show the plan, change nothing");
    const auto copy = add<CopyOptions>(command, chosen, "copy", "make a second store hold the same", sub, run_copy);
    sub->add_option("TARGET", copy->target, "the second store")->required();
    sub->add_option("--name", copy->name, "only this name")->type_name("NAME");
    sub->add_option("--as", copy->as, "what that name is called in TARGET")->type_name("NAME");
}
