// SPDX-License-Identifier: Apache-2.0
#include "store/pull.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/fence.hpp"
#include "store/references.hpp"
#include "store/resolver.hpp"
#include "store/retention.hpp"
#include "stream/reader.hpp"

namespace rs::store {

namespace {

class Puller {
public:
    Puller(const Store& store, const PullOptions& options, io::Source& source, Monitor& monitor)
        : store_(store), options_(options), monitor_(monitor), index_(store.load_index()), reader_(source) {}

    PullResult run() {
        result_.generation = reader_.header().generation;
        subject_ = cat(options_.name, " ", result_.generation.str());
        choose_line();
        find_parent();
        Intake intake(store_, std::move(index_), options_.name, reader_.header().key);
        Resolver resolver(intake, parent_ ? &*parent_ : nullptr, reader_.name());
        receive(intake, resolver);
        publish(intake);
        result_.totals = file_.totals;
        return result_;
    }

private:
    // Refused early, before anything is received; publish() looks again under the lock.
    void choose_line() {
        if (options_.copied_line) {
            result_.line = *options_.copied_line;
            return;
        }
        const auto dir = store_.open_name(options_.name);
        const std::uint64_t highest = dir ? highest_epoch(*dir) : 0;
        result_.line = Line::main;
        if (result_.generation.epoch < options_.lowest_epoch)
            fail(Exit::fenced, cat(subject_, ": epoch ", options_.lowest_epoch, " or a later one was asked for"),
                 "who sent this is no leader whom to follow");
        if (result_.generation.epoch >= highest) return;
        if (!options_.branch)
            fail(Exit::fenced, cat(subject_, ": fenced: epoch ", highest, " has begun"),
                 "another instance leads now; with --branch this generation is kept beside the main line");
        result_.line = Line::branch;
    }

    void find_parent() {
        const auto& parent = reader_.header().parent;
        if (!parent) return;
        const auto dir = store_.open_name(options_.name);
        for (const Line line : {Line::main, Line::branch}) {
            if (!dir || reader_.header().key != store_.config().key) break;
            parent_ = try_load_generation(*dir, parent->generation, line);
            if (parent_ && parent_->digest == parent->digest) return;
            parent_.reset();
        }
        fail(Exit::temp_fail, cat(subject_, ": builds on generation ", parent->generation.str(), ", which is not here"),
             "run it again: the delta must answer the present output of 'rs-pull --have'");
    }

    void receive(Intake& intake, Resolver& resolver) {
        const std::uint64_t expected = reader_.header().expected_bytes;
        std::uint64_t segments = 0;
        while (auto event = reader_.next()) {
            if (const auto* const segment = std::get_if<stream::SegmentView>(&*event))
                intake.segment(*segment, cat(reader_.name(), ": segment ", segments++));
            else
                resolver.block(std::get<stream::BlockView>(*event));
            monitor_.progress(expected > 0 ? resolver.done_bytes() : reader_.bytes_read(), expected);
        }
        resolver.finish();
        intake.flush();
        // Without a SHA-256 a file is known by its chunks' ids, which depend on the key.
        const bool comparable = reader_.header().key == store_.config().key || resolver.totals().files_without_sha256 == 0;
        if (comparable && reader_.trailer().tree && *reader_.trailer().tree != resolver.digest())
            fail(Exit::data, cat(subject_, ": the tree is not the one that the sender has"),
                 "run it again; if it stays, check the sender's store");
        describe(intake, resolver);
    }

    void describe(const Intake& intake, const Resolver& resolver) {
        const IntakeTotals& totals = intake.totals();
        file_.header = reader_.header();
        file_.header.name = options_.name;
        file_.header.key = store_.config().key;
        file_.header.changed_while_read |= reader_.trailer().changed_while_read;
        file_.header.expected_bytes = 0;
        file_.totals = resolver.totals();
        file_.digest = resolver.digest();
        file_.new_chunks = totals.new_chunks;
        file_.new_bytes = totals.new_bytes;
        file_.stored_bytes = totals.stored_bytes;
        file_.blocks = resolver.blocks();
        result_.changed_while_read = file_.header.changed_while_read;
        result_.received_bytes = reader_.bytes_read();
        result_.new_chunks = totals.new_chunks;
        result_.new_bytes = totals.new_bytes;
        result_.stored_bytes = totals.stored_bytes;
        result_.healed_chunks = totals.healed_chunks;
    }

    void publish(Intake& intake) {
        const io::Lock guard = store_.lock(io::LockMode::exclusive);
        const io::Dir name_dir = store_.make_name(options_.name);
        choose_line(); // an epoch may have begun meanwhile
        const auto there = find_there(name_dir);
        result_.already_there = there.has_value();
        // A prune that ran meanwhile may have removed what we refer to.
        const bool dropped = store_.refresh_index(intake.index());
        const bool whole = there && Presence(intake.chunks()).whole(*there);
        if (whole && result_.healed_chunks == 0) {
            intake.discard();
            return;
        }
        if (dropped) check_references(intake);
        intake.publish();
        if (whole) return;
        if (result_.line == Line::branch) {
            const io::Dir branch = io::make_dir_at(name_dir, "branch");
            io::sync_dir(name_dir);
            io::write_file_atomic(branch, generation_name(file_.id()), file_.encode());
            return;
        }
        if (!options_.accept_shrink) check_shrink(name_dir);
        // Frozen before it is visible: a crash in between leaves too much kept rather than too little.
        if (file_.suspicious)
            io::write_file_atomic(name_dir, frozen_name,
                                  as_bytes(cat(file_.id().str(), " shrank to ", file_.totals.bytes, " bytes\n")));
        io::write_file_atomic(name_dir, generation_name(file_.id()), file_.encode());
    }

    [[nodiscard]] std::optional<GenerationFile> find_there(const io::Dir& name_dir) const {
        auto there = try_load_generation(name_dir, result_.generation, result_.line);
        if (!there || there->digest == file_.digest) return there;
        fail(Exit::data, cat(subject_, ": is here already, with other content"),
             "two exporters count in one epoch; find out which of them leads before anything else");
    }

    void check_references(Intake& intake) const {
        for_references(file_, intake.chunks(), [&](const stream::Run& run) {
            for (std::uint64_t i = 0; i < run.count; ++i)
                if (!intake.find(run.start + i))
                    fail(Exit::temp_fail, cat(subject_, ": a prune has removed chunks that it builds on"), "run it again");
        });
    }

    void check_shrink(const io::Dir& name_dir) {
        std::vector<std::uint64_t> sizes;
        // A shrink that is not frozen any more was accepted: what was before it is no measure.
        const bool frozen = io::exists_at(name_dir, frozen_name);
        const std::vector<Generation> all = list_generations(name_dir, Line::main);
        for (auto id = all.rbegin(); id != all.rend() && sizes.size() < 5; ++id) {
            if (*id >= file_.id()) continue;
            try {
                if (const auto g = try_load_generation(name_dir, *id, Line::main)) {
                    sizes.insert(sizes.begin(), g->totals.bytes);
                    if (g->suspicious && !frozen) break;
                }
            } catch (const Error& e) {
                if (e.code() != Exit::data) throw; // a damaged one says nothing about sizes
            }
        }
        file_.suspicious = suspicious_shrink(sizes, file_.totals.bytes, options_.shrink_percent);
        result_.suspicious = file_.suspicious;
    }

    const Store& store_;
    const PullOptions& options_;
    Monitor& monitor_;
    Index index_; // loaded while the sender still thinks; whoever reads the stream brings it up to date
    stream::StreamReader reader_;
    std::string subject_; // "NAME E.C"
    std::optional<GenerationFile> parent_;
    GenerationFile file_;
    PullResult result_;
};

} // namespace

PullResult pull(const Store& store, const PullOptions& options, io::Source& source, Monitor& monitor) {
    return Puller(store, options, source, monitor).run();
}

} // namespace rs::store
