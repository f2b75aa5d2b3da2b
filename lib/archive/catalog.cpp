// SPDX-License-Identifier: Apache-2.0
#include "archive/catalog.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::archive {

namespace {
constexpr std::uint64_t max_named_run = 4096;
}

void Content::data(const stream::Run& run, std::uint64_t size,
                   std::span<const chunk::ChunkId> run_ids) {
    std::uint64_t start = run.start;
    if (run.kind == stream::Run::Kind::named) {
        start = ids.size();
        ids.insert(ids.end(), run_ids.begin(), run_ids.end());
    }
    bytes += size;
    if (!pieces.empty()) {
        Piece& last = pieces.back();
        // Ids travel in blocks of manifests, which are limited.
        const bool room = run.kind != stream::Run::Kind::named || last.count < max_named_run;
        if (last.kind == stream::Extent::Kind::data && last.run == run.kind && room &&
            last.start + last.count == start) {
            last.count += run.count;
            last.bytes += size;
            return;
        }
    }
    pieces.push_back({stream::Extent::Kind::data, run.kind, start, run.count, size});
}

void Content::gap(stream::Extent::Kind kind, std::uint64_t size) {
    if (size == 0) return;
    bytes += size;
    if (!pieces.empty() && pieces.back().kind == kind)
        pieces.back().bytes += size;
    else
        pieces.push_back({kind, stream::Run::Kind::fresh, 0, 0, size});
}

Catalog::Catalog(stream::Entry made, Refuse refuse)
    : made_(std::move(made)), refuse_(std::move(refuse)) {
    made_.type = stream::Type::directory;
    const std::uint32_t root = add(made_);
    things_[root].names = 1;
    names_.emplace("", root);
    root_made_ = true;
}

std::uint32_t Catalog::owner_of(const std::string& user, const std::string& group) {
    const auto [at, fresh] =
        owner_numbers_.try_emplace({user, group}, static_cast<std::uint32_t>(owners_.size()));
    if (fresh) owners_.emplace_back(user, group);
    return at->second;
}

std::uint32_t Catalog::add(const stream::Entry& e) {
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
        t.rare = std::make_unique<Rare>(Rare{e.target, e.xattrs, {}, e.major, e.minor});
    return place;
}

void Catalog::set_content(Thing& t, const Content& content) {
    if (content.pieces.size() > UINT32_MAX) refuse_({}, "a file of more pieces than the limit");
    t.first = pieces_.size();
    t.pieces = static_cast<std::uint32_t>(content.pieces.size());
    pieces_.insert(pieces_.end(), content.pieces.begin(), content.pieces.end());
    t.bytes = content.bytes;
    t.sha256_known = content.sha256.has_value();
    if (content.sha256) t.sha256 = *content.sha256;
    if (!content.ids.empty() && !t.rare) t.rare = std::make_unique<Rare>();
    if (t.rare) t.rare->ids = content.ids;
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
        const std::uint32_t thing = add(made_);
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
            if (holds_something(at))
                refuse_(path, "takes the place of a directory that is not empty");
            if (last_parent_ == path) last_parent_.clear();
        }
        release(at->second);
        at->second = thing;
    }
    ++things_[thing].names;
    if (path.empty()) root_made_ = false;
}

void Catalog::put(const stream::Entry& entry, const Content& content) {
    RS_ASSERT(entry.type != stream::Type::hardlink);
    const std::uint32_t thing = add(entry);
    if (entry.type == stream::Type::file) set_content(things_[thing], content);
    assign(entry.path, thing);
}

void Catalog::link(const std::string& path, const std::string& target, const chunk::Params& params,
                   const Content* content) {
    const auto at = names_.find(target);
    if (at == names_.end())
        refuse_(path, cat("a hard link to ", printable(target), ", which is not there"));
    const std::uint32_t thing = at->second;
    Thing& t = things_[thing];
    if (t.type == stream::Type::directory) refuse_(path, "a hard link to a directory");
    if (content != nullptr) {
        if (t.type != stream::Type::file) refuse_(path, "a hard link with data to what is no file");
        t.params = params;
        set_content(t, *content);
    }
    if (path != target) assign(path, thing);
}

void Catalog::visit(const std::function<void(const stream::Entry&, const Content*)>& f) const {
    std::unordered_map<std::uint32_t, const std::string*>
        first_names; // of things that have several
    stream::Entry e;
    Content content;
    for (const auto& [path, place] : names_) {
        const Thing& t = things_[place];
        e = {};
        e.path = path;
        if (t.names > 1) {
            const auto [first, fresh] = first_names.try_emplace(place, &path);
            if (!fresh) {
                e.type = stream::Type::hardlink;
                e.target = *first->second;
                f(e, nullptr);
                continue;
            }
        }
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
        if (t.type != stream::Type::file) {
            f(e, nullptr);
            continue;
        }
        const auto first = pieces_.begin() + static_cast<std::ptrdiff_t>(t.first);
        content.pieces.assign(first, first + t.pieces);
        content.ids.clear();
        if (t.rare) content.ids = t.rare->ids;
        content.bytes = t.bytes;
        content.sha256.reset();
        if (t.sha256_known) content.sha256 = t.sha256;
        f(e, &content);
    }
}

} // namespace rs::archive
