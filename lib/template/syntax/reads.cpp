// SPDX-License-Identifier: Apache-2.0
#include "template/syntax/reads.hpp"

#include <algorithm>

namespace rs::tmpl {

namespace {

using Kind = Node::Kind;

class Reads {
public:
    explicit Reads(std::string_view name) : name_(name) {}
    [[nodiscard]] bool in(const Body& body) {
        all(body);
        return read_;
    }

private:
    void all(const Body& nodes) {
        for (const NodePtr& n : nodes)
            if (n) visit(*n);
    }
    void target(const Node& n) {
        if (n.kind == Kind::name && n.text == name_ && !read_) set_ = true;
        if (n.kind != Kind::name && n.kind != Kind::attribute)
            for (const NodePtr& k : n.kids) target(*k);
    }
    // Those of a macro inside hide the name from here on, even outside that macro: so Jinja2 counts.
    void parameters(const Node& n) {
        set_ |= !read_ && std::find(n.names.begin(), n.names.end(), name_) != n.names.end();
    }
    void visit(const Node& n) {
        if (read_ || set_) return;
        switch (n.kind) {
        case Kind::name: read_ = n.text == name_; return;
        case Kind::block: return;
        case Kind::set:
        case Kind::set_block:
            target(*n.kids[0]);
            if (n.kids[1]) visit(*n.kids[1]);
            all(n.body);
            return;
        case Kind::loop:
            target(*n.kids[0]);
            visit(*n.kids[1]);
            all(n.body);
            all(n.other);
            if (n.kids[2]) visit(*n.kids[2]);
            return;
        case Kind::macro:
            parameters(n);
            all(n.kids); // defaults
            all(n.body);
            return;
        case Kind::call_block:
            all(n.kids);
            parameters(n);
            all(n.other); // defaults
            all(n.body);
            return;
        case Kind::with:
            for (std::size_t i = 0; i < n.kids.size(); i += 2) target(*n.kids[i]);
            for (std::size_t i = 1; i < n.kids.size(); i += 2) visit(*n.kids[i]);
            all(n.body);
            return;
        case Kind::condition:
            for (std::size_t i = 0; i < n.kids.size(); ++i) {
                visit(*n.kids[i]);
                all(n.bodies[i]);
            }
            all(n.other);
            return;
        case Kind::filter_block:
            all(n.body);
            visit(*n.kids[0]);
            return;
        default:
            all(n.kids);
            all(n.arguments.positional);
            for (const auto& [key, value] : n.arguments.named) visit(*value);
            if (n.arguments.star) visit(*n.arguments.star);
            if (n.arguments.star_star) visit(*n.arguments.star_star);
            all(n.body);
            return;
        }
    }
    std::string_view name_;
    bool read_ = false, set_ = false;
};

} // namespace

bool reads(const Body& body, std::string_view name) { return Reads(name).in(body); }

} // namespace rs::tmpl
