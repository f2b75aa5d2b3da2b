// SPDX-License-Identifier: Apache-2.0
// A SQL dump of a shop, as pg_dump writes it. Each row is a function of (seed, table, id,
// versions), so that a round is written from a few bytes of state for each row, and the dump
// before it is not needed.
#include "workload.hpp"

#include "files.hpp"
#include "pen.hpp"

#include <algorithm>
#include <array>

#include <fcntl.h>

namespace bench {
namespace {

constexpr std::uint64_t year_2019 = 1546300800000; // milliseconds
constexpr std::uint64_t year_2026 = 1767225600000;

struct Row {
    std::uint64_t id;
    unsigned version; // 0: as it came with the base, or was inserted
    Random lasting;   // for what an ordinary update leaves alone
    Random volatile_; // for what every update changes

    [[nodiscard]] std::uint64_t updated(std::uint64_t created) {
        return version == 0
                   ? created + volatile_.below(4000000)
                   : year_2026 + std::uint64_t{version} * 3600000 + volatile_.below(3600000);
    }
};

void write_customer(Pen& pen, Row& row) {
    Random& r = row.lasting;
    const std::uint64_t created = year_2019 + row.id * 301000 + r.below(300000);
    char* const first = pen.number(row.id).put('\t').uuid(r).put('\t').at();
    pen.name(r);
    const std::string_view first_name(first, static_cast<std::size_t>(pen.at() - first));
    char* const last = pen.put('\t').at();
    pen.name(r);
    const std::string_view last_name(last, static_cast<std::size_t>(pen.at() - last));
    pen.put('\t')
        .text(first_name)
        .put('.')
        .text(last_name)
        .number(r.below(1000))
        .put('@')
        .word_of_rank(r.skewed(400));
    pen.text(r.percent(70) ? ".com\t+1-" : ".org\t+49-")
        .number(r.below(1000), 3)
        .put('-')
        .number(r.below(10000000), 7);
    pen.put('\t')
        .number(r.between(1, 180))
        .put(' ')
        .capital_word(r)
        .text(r.percent(60) ? " Street\t" : " Avenue\t");
    pen.word_of_rank(r.skewed(1200))
        .put('\t')
        .number(r.below(100000), 5)
        .put('\t')
        .text(r.percent(80) ? "US" : "DE")
        .put('\t');
    pen.time(created)
        .put('\t')
        .time(row.updated(created))
        .put('\t')
        .decimal(row.volatile_.skewed(90000))
        .put('\t');
    if (r.percent(60))
        pen.text("\\N");
    else
        pen.sentence(r);
}

void write_product(Pen& pen, Row& row) {
    constexpr std::array<std::string_view, 6> colours = {"black", "white", "red",
                                                         "blue",  "green", "natural"};
    Random& r = row.lasting;
    pen.number(row.id)
        .text("\tSKU-")
        .number(r.below(1000000), 6)
        .put('\t')
        .capital_word(r)
        .put(' ')
        .words(r, r.between(1, 4));
    pen.put('\t')
        .words(r, r.between(12, 60))
        .put('\t')
        .decimal(row.volatile_.skewed(100000))
        .put('\t');
    pen.number(row.volatile_.skewed(500)).put('\t').text(r.percent(90) ? "t\t" : "f\t");
    pen.text("{\"color\": \"")
        .text(colours[r.below(colours.size())])
        .text("\", \"weight\": ")
        .number(r.below(5000));
    pen.text(", \"tags\": [\"")
        .word(r)
        .text("\", \"")
        .word(r)
        .text("\"], \"vendor\": \"")
        .word_of_rank(r.skewed(300));
    pen.text("\"}\t").time(row.updated(year_2019 + row.id * 900000));
}

constexpr std::array<std::string_view, 5> states = {"paid", "shipped", "delivered", "cancelled",
                                                    "returned"};

void write_order(Pen& pen, Row& row) {
    Random& r = row.lasting;
    const std::uint64_t placed = year_2019 + row.id * 120000 + r.below(120000);
    pen.number(row.id)
        .put('\t')
        .number(r.between(1, static_cast<std::uint32_t>(row.id / 3 + 100)))
        .put('\t');
    pen.text(states[row.volatile_.skewed(states.size())])
        .put('\t')
        .decimal(row.volatile_.skewed(200000))
        .put('\t');
    pen.text(r.percent(75) ? "EUR\t" : "USD\t")
        .time(placed)
        .put('\t')
        .time(row.updated(placed))
        .put('\t');
    pen.text(r.percent(50) ? "standard\t" : "express\t");
    if (r.percent(70))
        pen.text("\\N");
    else
        pen.words(r, r.between(3, 9));
}

void write_item(Pen& pen, Row& row) {
    Random& r = row.lasting;
    pen.number(row.id)
        .put('\t')
        .number(row.id / 3 + 1)
        .put('\t')
        .number(r.skewed(40000) + 1)
        .put('\t');
    pen.number(row.volatile_.skewed(9) + 1).put('\t').decimal(r.skewed(100000)).put('\t');
    pen.decimal(row.volatile_.percent(80) ? 0 : row.volatile_.below(2000)).put('\t');
    pen.text(row.version == 0 ? "f" : "t");
}

void write_message(Pen& pen, Row& row) {
    Random& r = row.lasting;
    const std::uint64_t sent = year_2019 + row.id * 400000 + r.below(400000);
    pen.number(row.id)
        .put('\t')
        .number(r.skewed(200000) + 1)
        .put('\t')
        .number(row.id / 4 + 1)
        .put('\t')
        .time(sent)
        .put('\t');
    pen.time(row.updated(sent)).put('\t').words(r, r.between(3, 8)).put('\t');
    for (std::uint32_t sentences = r.between(2, 9); sentences > 0; --sentences)
        pen.sentence(r).text(r.percent(30) ? "\\n" : " ");
    pen.put('\t').text(row.volatile_.percent(90) ? "read" : "unread");
}

void write_event(Pen& pen, Row& row) {
    constexpr std::array<std::string_view, 5> agents = {
        "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/120.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Version/17.1 "
        "Mobile/15E148 Safari/604.1",
        "curl/7.88.1", "Googlebot/2.1 (+http://www.google.com/bot.html)"};
    Random& r = row.lasting;
    const std::uint64_t seen = year_2019 + row.id * 70000 + r.below(70000);
    pen.number(row.id)
        .put('\t')
        .time(seen)
        .text("\t10.")
        .number(r.below(20))
        .put('.')
        .number(r.below(256))
        .put('.')
        .number(r.below(256));
    pen.put('\t')
        .text(r.percent(85) ? "GET" : "POST")
        .text("\t/")
        .word_of_rank(r.skewed(60))
        .put('/')
        .word_of_rank(r.skewed(2000));
    pen.put('/')
        .number(r.skewed(100000))
        .text(r.percent(90) ? "\t200\t" : "\t404\t")
        .number(r.skewed(60000))
        .put('\t');
    pen.text(agents[r.skewed(agents.size())]).put('\t');
    if (row.version > 0 || r.percent(25))
        pen.hex(row.volatile_, 32);
    else
        pen.text("\\N");
}

struct Table {
    std::string_view name;
    std::uint64_t percent; // of the bytes of the dump
    void (*write)(Pen&, Row&);
    std::string_view names, definition;
};

constexpr std::array<Table, 6> tables = {{
    {"customers", 16, write_customer,
     "id, uuid, first_name, last_name, email, phone, street, city, postcode, country, created_at, "
     "updated_at, balance, note",
     "    id bigint NOT NULL,\n    uuid uuid NOT NULL,\n    first_name text NOT NULL,\n    "
     "last_name text NOT NULL,\n"
     "    email character varying(254) NOT NULL,\n    phone text,\n    street text,\n    city "
     "text,\n    postcode text,\n"
     "    country character(2),\n    created_at timestamp without time zone NOT NULL,\n"
     "    updated_at timestamp without time zone NOT NULL,\n    balance numeric(12,2) NOT NULL,\n  "
     "  note text\n"},
    {"products", 6, write_product,
     "id, sku, name, description, price, in_stock, active, attributes, updated_at",
     "    id bigint NOT NULL,\n    sku text NOT NULL,\n    name text NOT NULL,\n    description "
     "text,\n"
     "    price numeric(12,2) NOT NULL,\n    in_stock integer NOT NULL,\n    active boolean NOT "
     "NULL,\n    attributes jsonb,\n"
     "    updated_at timestamp without time zone NOT NULL\n"},
    {"orders", 17, write_order,
     "id, customer_id, state, total, currency, placed_at, updated_at, shipping, remark",
     "    id bigint NOT NULL,\n    customer_id bigint NOT NULL,\n    state text NOT NULL,\n    "
     "total numeric(12,2) NOT NULL,\n"
     "    currency character(3) NOT NULL,\n    placed_at timestamp without time zone NOT NULL,\n"
     "    updated_at timestamp without time zone NOT NULL,\n    shipping text,\n    remark text\n"},
    {"order_items", 14, write_item,
     "id, order_id, product_id, quantity, price, discount, corrected",
     "    id bigint NOT NULL,\n    order_id bigint NOT NULL,\n    product_id bigint NOT NULL,\n    "
     "quantity integer NOT NULL,\n"
     "    price numeric(12,2) NOT NULL,\n    discount numeric(12,2) NOT NULL,\n    corrected "
     "boolean NOT NULL\n"},
    {"messages", 27, write_message,
     "id, author_id, thread_id, sent_at, updated_at, subject, body, state",
     "    id bigint NOT NULL,\n    author_id bigint NOT NULL,\n    thread_id bigint NOT NULL,\n"
     "    sent_at timestamp without time zone NOT NULL,\n    updated_at timestamp without time "
     "zone NOT NULL,\n"
     "    subject text NOT NULL,\n    body text NOT NULL,\n    state text NOT NULL\n"},
    {"events", 20, write_event, "id, seen_at, address, method, path, status, bytes, agent, session",
     "    id bigint NOT NULL,\n    seen_at timestamp without time zone NOT NULL,\n    address inet "
     "NOT NULL,\n"
     "    method text NOT NULL,\n    path text NOT NULL,\n    status smallint NOT NULL,\n    bytes "
     "integer NOT NULL,\n"
     "    agent text,\n    session text\n"},
}};

// What the rounds made of one row. Ordinary updates change the volatile columns, every second one
// all of them.
struct State {
    std::uint16_t version = 0;
    std::uint16_t rewritten = 0; // the version that last changed all columns
    bool deleted = false;
};

struct Insertion {
    std::size_t after; // slot
    std::uint64_t first_id, count;
};

struct Contents {
    std::vector<State> slots; // slot i holds the row of id i + 1
    std::vector<Insertion> insertions;
    std::uint64_t next_id;
};

class Dump {
public:
    Dump(std::uint64_t bytes, std::uint64_t seed) : bytes_(bytes), seed_(seed) {
        for (std::size_t t = 0; t < tables.size(); ++t) {
            const std::uint64_t rows = count_rows(t);
            contents_[t].slots.resize(rows);
            contents_[t].next_id = rows + 1;
            rows_ += rows;
        }
    }

    void apply(unsigned round);
    void write(Output& output);

private:
    std::uint64_t count_rows(std::size_t t) const;
    void write_table(Output& output, std::size_t t);

    Row row(std::size_t t, std::uint64_t id, State state = {}) const {
        return {id, state.version, Random(hash_of(seed_, t, id, state.rewritten)),
                Random(hash_of(seed_, t, id, state.version, 1))};
    }

    std::uint64_t bytes_, seed_, rows_ = 0;
    std::array<Contents, tables.size()> contents_;
};

// From the mean length of a sample, taken twice: longer tables have longer numbers.
std::uint64_t Dump::count_rows(std::size_t t) const {
    constexpr std::uint64_t sample = 2000; // rows
    const std::uint64_t share = bytes_ * tables[t].percent / 100;
    std::uint64_t rows = sample;
    std::vector<char> buffer(Pen::spare);
    for (int pass = 0; pass < 2; ++pass) {
        std::uint64_t length = 0;
        for (std::uint64_t i = 0; i < sample; ++i) {
            Pen pen(buffer.data());
            Row one = row(t, 1 + i * rows / sample);
            tables[t].write(pen, one);
            length += static_cast<std::uint64_t>(pen.at() - buffer.data()) + 1;
        }
        rows = std::max<std::uint64_t>(share * sample / length, 1);
    }
    return rows;
}

void Dump::apply(unsigned round) {
    constexpr std::uint64_t bytes_per_place = 700'000'000 / 1195;
    Random random(hash_of(seed_, 0xD0, round));
    const std::uint64_t places = std::max<std::uint64_t>(bytes_ / bytes_per_place, 1);
    const auto mean = static_cast<std::uint32_t>(
        std::max<std::uint64_t>(rows_ / 100 / places, 1)); // rows in a run
    for (std::uint64_t place = 0; place < places; ++place) {
        std::uint64_t slot = random.below(rows_);
        std::size_t t = 0;
        while (slot >= contents_[t].slots.size()) slot -= contents_[t++].slots.size();
        Contents& contents = contents_[t];
        const std::uint32_t count = random.between(1, 2 * mean - 1);
        const std::uint32_t kind = random.below(100);
        if (kind >= 70 && kind < 85) {
            contents.insertions.push_back({slot, contents.next_id, count});
            contents.next_id += count;
            continue;
        }
        for (std::uint64_t i = slot;
             i < std::min<std::uint64_t>(slot + count, contents.slots.size()); ++i) {
            State& state = contents.slots[i];
            if (kind >= 85) {
                state.deleted = true;
            } else {
                state.version = static_cast<std::uint16_t>(round);
                if (random.percent(50)) state.rewritten = state.version;
            }
        }
    }
}

void Dump::write(Output& output) {
    const auto print = [&output](auto... texts) {
        Pen pen(output.at());
        (pen.text(texts), ...);
        output.advance(pen.at());
    };
    print("--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.5\n-- Dumped "
          "by pg_dump version 15.5\n\n"
          "SET statement_timeout = 0;\nSET lock_timeout = 0;\nSET client_encoding = 'UTF8';\n"
          "SET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', "
          "false);\n"
          "SET default_tablespace = '';\nSET default_table_access_method = heap;\n\n");
    for (const Table& table : tables)
        print("--\n-- Name: ", table.name,
              "; Type: TABLE; Schema: public; Owner: shop\n--\n\nCREATE TABLE public.", table.name,
              " (\n", table.definition, ");\n\nALTER TABLE public.", table.name,
              " OWNER TO shop;\n\n");
    for (std::size_t t = 0; t < tables.size(); ++t) {
        print("--\n-- Data for Name: ", tables[t].name,
              "; Type: TABLE DATA; Schema: public; Owner: shop\n--\n\nCOPY public.", tables[t].name,
              " (", tables[t].names, ") FROM stdin;\n");
        write_table(output, t);
        print("\\.\n\n\n");
    }
    for (const Table& table : tables)
        print("ALTER TABLE ONLY public.", table.name, "\n    ADD CONSTRAINT ", table.name,
              "_pkey PRIMARY KEY (id);\n\n");
    print("--\n-- PostgreSQL database dump complete\n--\n\n");
}

void Dump::write_table(Output& output, std::size_t t) {
    Contents& contents = contents_[t];
    const auto write_row = [&](Row one) {
        Pen pen(output.at());
        tables[t].write(pen, one);
        output.advance(pen.put('\n').at());
    };
    std::stable_sort(contents.insertions.begin(), contents.insertions.end(),
                     [](const Insertion& a, const Insertion& b) { return a.after < b.after; });
    auto insertion = contents.insertions.begin();
    for (std::size_t slot = 0; slot < contents.slots.size(); ++slot) {
        if (!contents.slots[slot].deleted) write_row(row(t, slot + 1, contents.slots[slot]));
        for (; insertion != contents.insertions.end() && insertion->after == slot; ++insertion)
            for (std::uint64_t i = 0; i < insertion->count; ++i)
                write_row(row(t, insertion->first_id + i));
    }
}

} // namespace

void write_dump(const std::filesystem::path& file, std::uint64_t bytes, std::uint64_t seed,
                unsigned round) {
    Dump dump(bytes, seed);
    for (unsigned i = 1; i <= round; ++i) dump.apply(i);

    std::filesystem::path temporary = file;
    temporary += ".new";
    Fd fd(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    Output output(fd);
    dump.write(output);
    output.finish();
    fd.close();
    set_time(temporary, year_2026 / 1000 + round * std::uint64_t{3600});
    std::filesystem::rename(temporary, file);
}

} // namespace bench
