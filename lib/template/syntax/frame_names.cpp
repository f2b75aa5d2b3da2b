// SPDX-License-Identifier: Apache-2.0
#include "template/syntax/frame_names.hpp"

namespace rs::tmpl {

using Kind = Node::Kind;

std::int32_t Locals::slot(int level, const std::string& name) {
    return slots.try_emplace({level, name}, static_cast<std::int32_t>(slots.size())).first->second;
}

// ---- Symbols ----

const Slot* Symbols::find(const std::string& name) const {
    for (const Symbols* s = this; s != nullptr; s = s->parent)
        if (const auto at = s->names.find(name); at != s->names.end()) return &at->second;
    return nullptr;
}

Slot Symbols::define(const std::string& name, Origin origin) {
    const Slot p{function, function->slot(level, name)};
    names[name] = p;
    origins[p] = std::move(origin);
    return p;
}

void Symbols::load(const std::string& name) {
    if (find(name) == nullptr) define(name, {From::context, {}, name});
}

void Symbols::store(const std::string& name) {
    stored.insert(name);
    if (names.contains(name)) return;
    if (const Slot* const outer = parent != nullptr ? parent->find(name) : nullptr)
        define(name, {From::variable, *outer, {}});
    else
        define(name, {From::nothing, {}, {}});
}

Slot Symbols::parameter(const std::string& name) {
    stored.insert(name);
    return define(name, {From::parameter, {}, {}});
}

void Symbols::merge(const std::vector<Symbols>& branches) {
    std::map<std::string, std::size_t> in_how_many;
    for (const Symbols& b : branches)
        for (const std::string& name : b.stored)
            if (!stored.contains(name)) ++in_how_many[name];
    for (const Symbols& b : branches) {
        for (const auto& [name, place] : b.names) names[name] = place;
        for (const auto& [place, origin] : b.origins) origins[place] = origin;
        stored.insert(b.stored.begin(), b.stored.end());
    }
    for (const auto& [name, count] : in_how_many) {
        if (count == branches.size()) continue;
        const Slot* const outer = parent != nullptr ? parent->find(name) : nullptr;
        origins[*find(name)] = outer != nullptr ? Origin{From::variable, *outer, {}} : Origin{From::context, {}, name};
    }
}

// ---- Scan ----

void Scan::all(const Body& nodes) {
    for (const NodePtr& n : nodes)
        if (n) visit(*n);
}

void Scan::target(const Node& n, bool as_parameter) {
    if (n.kind == Kind::name) {
        as_parameter ? static_cast<void>(s_->parameter(n.text)) : s_->store(n.text);
    } else if (n.kind == Kind::attribute) {
        visit(*n.kids[0]); // the namespace whose attribute is set
    } else {
        for (const NodePtr& k : n.kids) target(*k, as_parameter);
    }
}

void Scan::arguments(const Arguments& a) {
    all(a.positional);
    for (const auto& [name, value] : a.named) visit(*value);
    if (a.star) visit(*a.star);
    if (a.star_star) visit(*a.star_star);
}

void Scan::visit(const Node& n) {
    switch (n.kind) {
    case Kind::name: s_->load(n.text); return;
    case Kind::condition: condition(n); return;
    case Kind::loop: visit(*n.kids[1]); return;
    case Kind::macro: s_->store(n.text); return;
    case Kind::call_block:
    case Kind::filter_block: visit(*n.kids[0]); return;
    case Kind::with:
        for (std::size_t i = 1; i < n.kids.size(); i += 2) visit(*n.kids[i]);
        return;
    case Kind::set_block: target(*n.kids[0], false); return;
    case Kind::set:
        visit(*n.kids[1]);
        target(*n.kids[0], false);
        return;
    case Kind::import:
        all(n.kids);
        s_->store(n.text);
        return;
    case Kind::from_import:
        all(n.kids);
        for (std::size_t i = 1; i < n.names.size(); i += 2) s_->store(n.names[i]);
        return;
    case Kind::block: return;
    default: all(n.kids); arguments(n.arguments);
    }
}

// The second and later tests stand in the else of those before.
void Scan::condition(const Node& n) {
    Symbols& outside = *s_;
    visit(*n.kids[0]);
    std::vector<Symbols> branches(3, outside);
    s_ = branches.data();
    all(n.bodies[0]);
    for (std::size_t i = 1; i < n.kids.size(); ++i) {
        s_ = &branches[1];
        other_test(n, i);
    }
    s_ = &branches[2];
    all(n.other);
    s_ = &outside;
    outside.merge(branches);
}

// An elif is an if of its own, whose other branches are empty.
void Scan::other_test(const Node& n, std::size_t i) {
    Symbols& outside = *s_;
    visit(*n.kids[i]);
    std::vector<Symbols> branches(3, outside);
    s_ = branches.data();
    all(n.bodies[i]);
    s_ = &outside;
    outside.merge(branches);
}

} // namespace rs::tmpl
