// SPDX-License-Identifier: Apache-2.0
#include "archive/catalog.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::archive {

void Content::data(const stream::Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids) {
    const bool named = run.kind == stream::Run::Kind::named;
    std::uint64_t start = run.start;
    if (named) {
        if (!ids_) ids_ = std::make_unique<std::vector<chunk::ChunkId>>();
        start = ids_->size();
        ids_->insert(ids_->end(), ids.begin(), ids.end());
    }
    bytes_ += bytes;
    if (!pieces_.empty()) {
        Piece& last = pieces_.back();
        if (last.kind == stream::Extent::Kind::data && last.run == run.kind && last.start + last.count == start) {
            last.count += run.count;
            last.bytes += bytes;
            return;
        }
    }
    pieces_.push_back({stream::Extent::Kind::data, run.kind, start, run.count, bytes});
}

void Content::gap(stream::Extent::Kind kind, std::uint64_t bytes) {
    if (bytes == 0) return;
    bytes_ += bytes;
    if (!pieces_.empty() && pieces_.back().kind == kind)
        pieces_.back().bytes += bytes;
    else
        pieces_.push_back({kind, stream::Run::Kind::fresh, 0, 0, bytes});
}

Catalog::Catalog(stream::Entry made, Refuse refuse) : made_(std::move(made)), refuse_(std::move(refuse)) {
    made_.type = stream::Type::directory;
    const std::uint32_t root = add(made_, {});
    things_[root].names = 1;
    names_.emplace("", root);
    root_made_ = true;
}

std::uint32_t Catalog::owner_of(const std::string& user, const std::string& group) {
    const auto [at, fresh] = owner_numbers_.try_emplace({user, group}, static_cast<std::uint32_t>(owners_.size()));
    if (fresh) owners_.emplace_back(user, group);
    return at->second;
}

std::uint32_t Catalog::add(const stream::Entry& e, Content&& content) {
    std::uint32_t place = 0;
    if (!free_.empty()) {
        place = free_.back();
        free_.pop_back();
    } else {
        if (things_.size() >= UINT32_MAX) refuse_(e.path, "more members than the limit");
        place = static_cast<std::uint32_t>(things_.size());
        things_.emplace_back();
    }
    Thing& t = things_[place];
    t.type = e.type;
    t.params = e.params;
    t.mode = static_cast<std::uint16_t>(e.mode);
    t.uid = static_cast<std::uint32_t>(e.uid);
    t.gid = static_cast<std::uint32_t>(e.gid);
    t.owner = owner_of(e.user, e.group);
    t.mtime = e.mtime;
    if (!e.target.empty() || !e.xattrs.empty() || e.major != 0 || e.minor != 0)
        t.rare = std::make_unique<Rare>(Rare{e.target, e.xattrs, e.major, e.minor});
    t.content = std::move(content);
    return place;
}

void Catalog::release(std::uint32_t place) {
    Thing& t = things_[place];
    RS_ASSERT(t.names > 0);
    if (--t.names > 0) return;
    t = {};
    free_.push_back(place);
}

bool Catalog::holds_something(Names::const_iterator directory) const {
    const auto next = std::next(directory);
    if (next == names_.end()) return false;
    const std::string& path = directory->first;
    return path.empty() || (next->first.size() > path.size() && next->first.starts_with(path) &&
                            next->first[path.size()] == '/');
}

void Catalog::make_parents(std::string_view path, std::string_view member) {
    const std::string_view parent = stream::parent_path(path);
    // Members come directory by directory: mostly it is the one that the last member was in.
    if (parent.empty() || parent == last_parent_) return;
    const auto at = names_.find(parent);
    if (at == names_.end()) {
        make_parents(parent, member);
        const std::uint32_t thing = add(made_, {});
        things_[thing].names = 1;
        names_.emplace(parent, thing);
    } else if (things_[at->second].type != stream::Type::directory) {
        refuse_(member, cat("is below ", printable(parent), ", which is no directory"));
    }
    last_parent_ = parent;
}

void Catalog::assign(const std::string& path, std::uint32_t thing) {
    const bool directory = things_[thing].type == stream::Type::directory;
    make_parents(path, path);
    const auto [at, fresh] = names_.try_emplace(path, thing);
    if (!fresh) {
        if (!directory && things_[at->second].type == stream::Type::directory) {
            if (path.empty()) refuse_(path, "the root of the tree is no directory");
            if (holds_something(at)) refuse_(path, "takes the place of a directory that is not empty");
            if (last_parent_ == path) last_parent_.clear();
        }
        release(at->second);
        at->second = thing;
    }
    ++things_[thing].names;
    if (path.empty()) root_made_ = false;
}

void Catalog::put(const stream::Entry& entry, Content&& content) {
    RS_ASSERT(entry.type != stream::Type::hardlink);
    assign(entry.path, add(entry, std::move(content)));
}

void Catalog::link(const std::string& path, const std::string& target, const chunk::Params& params,
                   Content* content) {
    const auto at = names_.find(target);
    if (at == names_.end()) refuse_(path, cat("a hard link to ", printable(target), ", which is not there"));
    const std::uint32_t thing = at->second;
    Thing& t = things_[thing];
    if (t.type == stream::Type::directory) refuse_(path, "a hard link to a directory");
    if (content != nullptr) {
        if (t.type != stream::Type::file) refuse_(path, "a hard link with data to what is no file");
        t.params = params;
        t.content = std::move(*content);
    }
    if (path != target) assign(path, thing);
}

void Catalog::visit(const std::function<void(const stream::Entry&, const Content*)>& f) {
    for (Thing& t : things_) t.first = nullptr;
    stream::Entry e;
    for (const auto& [path, place] : names_) {
        Thing& t = things_[place];
        e = {};
        e.path = path;
        if (t.first != nullptr) {
            e.type = stream::Type::hardlink;
            e.target = *t.first;
            f(e, nullptr);
            continue;
        }
        t.first = &path;
        e.type = t.type;
        e.params = t.params;
        e.mode = t.mode;
        e.uid = t.uid;
        e.gid = t.gid;
        e.user = owners_[t.owner].first;
        e.group = owners_[t.owner].second;
        e.mtime = t.mtime;
        if (t.rare) {
            e.target = t.rare->target;
            e.xattrs = t.rare->xattrs;
            e.major = t.rare->major;
            e.minor = t.rare->minor;
        }
        f(e, t.type == stream::Type::file ? &t.content : nullptr);
    }
}

} // namespace rs::archive
