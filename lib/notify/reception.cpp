// SPDX-License-Identifier: Apache-2.0
#include "notify/reception.hpp"

#include "base/text.hpp"

namespace rs::notify {

namespace {

Notification read(Queue& queue, std::string_view text, const Key* key) {
    try {
        return parse_notification(text, key);
    } catch (const Forged&) {
        queue.refuse("forged");
        throw;
    } catch (const Error&) {
        queue.refuse("malformed");
        throw;
    }
}

} // namespace

Answer receive(Queue& queue, std::string_view text, const Reception& r, Notification* out) {
    const Notification n = read(queue, text, r.key);
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
