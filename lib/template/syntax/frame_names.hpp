// SPDX-License-Identifier: Apache-2.0
// The names of one frame: what is read and what is set in it, and where each of them comes from.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "template/syntax/ast.hpp"

namespace rs::tmpl {

// The variables of what becomes one function in Python, numbered.
struct Locals {
    Locals* parent = nullptr;
    int depth = 0;
    std::map<std::pair<int, std::string>, std::int32_t> slots; // by level of the frame and name
    [[nodiscard]] std::int32_t slot(int level, const std::string& name);
};

// One of them.
struct Slot {
    Locals* function = nullptr;
    std::int32_t slot = -1;
    auto operator<=>(const Slot&) const = default;
};

// What Jinja2 calls the symbols of a frame (idtracking.py).
struct Symbols {
    enum class From : std::uint8_t { parameter, context, variable, nothing };
    struct Origin {
        From from = From::nothing;
        Slot place;      // of a variable: the one outside
        std::string name; // in the context
    };
    Symbols* parent = nullptr;
    Locals* function = nullptr;
    int level = 0;
    std::map<std::string, Slot> names;
    std::map<Slot, Origin> origins;
    std::set<std::string> stored;

    // Here or in a frame around; nullptr if no frame has it.
    [[nodiscard]] const Slot* find(const std::string& name) const;
    void load(const std::string& name);
    void store(const std::string& name);
    Slot parameter(const std::string& name);
    // What only some of the branches set keeps, in the others, what it was outside.
    void merge(const std::vector<Symbols>& branches);

private:
    Slot define(const std::string& name, Origin origin);
};

// Finds the names of one frame, not those of the frames inside.
class Scan {
public:
    explicit Scan(Symbols& symbols) : s_(&symbols) {}

    void all(const Body& nodes);
    void visit(const Node& n);
    // What is assigned to: names, tuples of them, attributes of a namespace.
    void target(const Node& n, bool as_parameter);

private:
    void arguments(const Arguments& a);
    void condition(const Node& n);
    void other_test(const Node& n, std::size_t i);

    Symbols* s_;
};

} // namespace rs::tmpl
