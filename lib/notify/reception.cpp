// SPDX-License-Identifier: Apache-2.0
#include "notify/reception.hpp"

#include <optional>

#include "base/text.hpp"

namespace rs::notify {

namespace {

// By the key of the source that it claims to come from.
Notification parse_by(std::string_view text, const std::string& keys) {
    const Notification claimed = parse_notification(text, nullptr);
    std::optional<Key> key;
    try {
        key.emplace(Key::load(cat(keys, "/", claimed.source))); // a word: no way out of the directory
    } catch (const Error& e) {
        if (e.code() != Exit::no_input) throw;
    }
    if (!key) throw Forged();
    return parse_notification(text, &*key);
}

Notification read(Queue& queue, std::string_view text, const Reception& r) {
    try {
        return r.keys.empty() ? parse_notification(text, r.key) : parse_by(text, r.keys);
    } catch (const Forged&) {
        queue.refuse("forged");
        throw;
    } catch (const Error& e) {
        if (e.code() != Exit::data) throw; // our own doing
        queue.refuse("malformed");
        throw;
    }
}

} // namespace

Answer receive(Queue& queue, std::string_view text, const Reception& r, Notification* out) {
    const Notification n = read(queue, text, r);
    if (out != nullptr) *out = n;
    const auto foreign = [&](const std::string& why) {
        queue.refuse("foreign");
        fail(Exit::data, cat("notification of ", n.id(), ": ", why));
    };
    if (!r.from.empty() && n.source != r.from) foreign(cat("who brings it may tell of ", r.from, " only"));
    const auto programs = callbacks_of(r.callbacks.empty() ? queue.path() + "/callbacks" : r.callbacks, n.id());
    if (!programs || programs->empty()) foreign("nothing here hears of it");
    return queue.accept(n, *programs);
}

} // namespace rs::notify
