// SPDX-License-Identifier: Apache-2.0
// From a profile and what an instance is given to a plan of its tree: each part's recipe says what the part needs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "instance/description.hpp"
#include "instance/plan.hpp"
#include "profile/resolver.hpp"

namespace rs::instance {

class Builder {
public:
    // root: absolute, without a slash at its end: [buildout] directory. stack: where profiles find those of the stack.
    Builder(Description description, std::string root, std::string stack = {});

    // Looks at the parts of the profile, in their order, and runs their recipes. Errors name the part and its place.
    // May be called by a recipe, for another profile of the same instance.
    void build(const std::string& profile, const std::vector<std::string>& settings = {});
    // What comes when all parts are known, below etc: crontab, instance.json, published.json,
    // requests.json. Once, last.
    void finish();

    // ---- the result, and for recipes ----
    [[nodiscard]] Plan& plan() { return plan_; }
    [[nodiscard]] const Description& description() const { return description_; }
    // What the instance publishes, by name.
    [[nodiscard]] Json& published() { return published_; }
    // The instances that this one asks for: a list of objects, as rs-profile(5) has them.
    [[nodiscard]] Json& requests() { return requests_; }
    // What they have not published yet, "NAME: VALUE": until they have, options are empty that will not be.
    std::vector<std::string> awaited;
    // Lines of the crontab: by part.
    struct CronLine {
        std::string part, line;
    };
    std::vector<CronLine> cron_lines;
    // Ports of its parts, so that no two of them draw the same one.
    std::set<unsigned> ports;
    // Periods of schedules, by their fields: each takes a look through a year, and a backup server has hundreds of the same.
    std::map<std::string, std::optional<std::int64_t>> periods;

    // A file as it will be: of the plan, else as it is on the disk.
    [[nodiscard]] std::string read(const std::string& path) const;
    // The same of one in the tree, `path` as Plan::file() takes it; nothing if there is none. `what` for messages.
    [[nodiscard]] std::optional<std::string> kept(std::string_view path, const std::string& what) const;

private:
    Description description_;
    std::string stack_, software_; // software_: the first profile
    Plan plan_;
    Json published_ = Json::object(), requests_ = Json::array();
    std::size_t depth_ = 0;
};

// A section with a recipe, while its recipe runs. Messages of require() and fail() have the place and the name of the part.
class Part {
public:
    Part(Builder& builder_, profile::Resolver& resolver, std::string name)
        : builder(builder_), resolver_(resolver), name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] profile::Resolver& resolver() { return resolver_; }
    // The value of an option; nothing, or `otherwise`, if there is none.
    [[nodiscard]] std::optional<std::string> find(std::string_view option);
    [[nodiscard]] std::string get(std::string_view option, std::string_view otherwise = {});
    [[nodiscard]] std::string require(std::string_view option);
    void set(const std::string& option, std::string value) { resolver_.set(name_, option, std::move(value)); }
    // Its options but recipe, in their order.
    [[nodiscard]] std::vector<std::string> options();
    // The option `mode`: octal, such as 0644; nothing if there is none.
    [[nodiscard]] std::optional<mode_t> mode();
    // true, yes, on, 1 and their opposites.
    [[nodiscard]] bool flag(std::string_view option, bool otherwise);

    [[noreturn]] void fail(std::string_view option, const std::string& why, std::string hint = {});

    Builder& builder;

private:
    profile::Resolver& resolver_;
    std::string name_;
};

} // namespace rs::instance
