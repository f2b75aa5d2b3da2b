// SPDX-License-Identifier: Apache-2.0
#include "pen.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

namespace bench {
namespace {

// One cache line holds four of them, and a copy is one 16 byte move however long the word is.
struct Word {
    std::array<char, 15> text;
    std::uint8_t length;
};

struct Phrase {
    std::array<char, 63> text;
    std::uint8_t length;
};

constexpr std::string_view common_words =
    "the of and to in a is that for it as was with be by on not he his but at are this have from "
    "or had an they which "
    "one you were all her she there would their we him been has when who will no more if out so up "
    "said what its about "
    "than into them can only other time new some could these two may first then do any like my now "
    "over such our man "
    "me even most made after also did many off before must well back through years much where your "
    "way down should "
    "because long each just state those people how too good little world still see men work own "
    "here get both between "
    "life being under day never same another know year while last might great old order invoice "
    "payment customer "
    "delivery account service update please thank request report problem backup server restore "
    "table value address "
    "number product price stock item note message";

constexpr std::array<std::string_view, 48> syllables = {
    "an",   "ber", "co",  "da",  "el",  "fi", "gra", "hu", "in",  "jo",  "ka",  "lem",
    "mo",   "ni",  "or",  "pe",  "qua", "re", "sta", "ti", "un",  "ver", "wi",  "xi",
    "yo",   "ze",  "al",  "bro", "che", "di", "est", "fo", "gen", "har", "is",  "lo",
    "ment", "na",  "ous", "pla", "ra",  "si", "ter", "ur", "va",  "we",  "con", "tion"};

class Lexicon {
public:
    static constexpr std::size_t size = 16384; // words
    static constexpr std::size_t slots =
        65536; // of the table that turns an even draw into Zipf's law
    static constexpr std::size_t phrases = 2048;

    Lexicon() {
        Random random(20240229); // the language is the same for every seed
        words_.reserve(size);
        for (std::size_t at = 0; at < common_words.size();) {
            const std::size_t end = std::min(common_words.find(' ', at), common_words.size());
            words_.push_back(make_word(common_words.substr(at, end - at)));
            at = end + 1;
        }
        while (words_.size() < size) words_.push_back(make_word(random, words_.size()));

        make_zipf(word_slots_, size);
        make_zipf(phrase_slots_, phrases);
        phrases_.reserve(phrases);
        while (phrases_.size() < phrases) phrases_.push_back(make_phrase(random));
    }

    const Word& word(std::uint32_t slot) const { return words_[word_slots_[slot % slots]]; }
    const Word& word_of_rank(std::uint32_t rank) const { return words_[rank % size]; }
    const Phrase& phrase(std::uint32_t slot) const { return phrases_[phrase_slots_[slot % slots]]; }

private:
    static Word make_word(std::string_view text) {
        Word word{};
        word.length = static_cast<std::uint8_t>(std::min(text.size(), word.text.size()));
        std::memcpy(word.text.data(), text.data(), word.length);
        return word;
    }

    // Rare words are longer, as in any language.
    static Word make_word(Random& random, std::size_t rank) {
        std::array<char, 64> text;
        std::size_t length = 0;
        for (std::uint32_t count = (rank < 2000 ? 1 : 2) + random.between(1, 2); count > 0;
             --count) {
            const std::string_view syllable = syllables[random.skewed(syllables.size())];
            std::copy(syllable.begin(), syllable.end(), text.begin() + length);
            length += syllable.size();
        }
        return make_word({text.data(), length});
    }

    Phrase make_phrase(Random& random) const {
        Phrase phrase{};
        std::size_t length = 0;
        for (std::uint32_t count = random.between(3, 5); count > 0; --count) {
            const Word& next = word(random.below(slots));
            if (length > 0) phrase.text[length++] = ' ';
            const std::size_t room =
                std::min<std::size_t>(next.length, phrase.text.size() - 1 - length);
            std::memcpy(phrase.text.data() + length, next.text.data(), room);
            length += room;
            if (length + 1 >= phrase.text.size()) break;
        }
        phrase.length = static_cast<std::uint8_t>(length);
        return phrase;
    }

    // Zipf and Mandelbrot: the word of rank k comes up in proportion to 1 / (k + 2.7).
    static void make_zipf(std::vector<std::uint16_t>& table, std::size_t ranks) {
        double total = 0;
        for (std::size_t rank = 0; rank < ranks; ++rank)
            total += 1 / (static_cast<double>(rank) + 2.7);
        double sum = 0;
        for (std::size_t rank = 0; rank < ranks; ++rank) {
            sum += 1 / (static_cast<double>(rank) + 2.7);
            while (static_cast<double>(table.size()) + 0.5 <
                   sum / total * static_cast<double>(slots))
                table.push_back(static_cast<std::uint16_t>(rank));
        }
        table.resize(slots, 0);
    }

    std::vector<Word> words_;
    std::vector<Phrase> phrases_;
    std::vector<std::uint16_t> word_slots_, phrase_slots_;
};

const Lexicon& lexicon() {
    static const Lexicon the_lexicon;
    return the_lexicon;
}

constexpr std::array<std::string_view, 64> names = {
    "James",   "Mary",   "Robert", "Patricia", "John",   "Jennifer", "Michael", "Linda",
    "Aisha",   "Bjorn",  "Carmen", "Dmitri",   "Elena",  "Farid",    "Greta",   "Hiroshi",
    "Ines",    "Jamal",  "Keiko",  "Lars",     "Mei",    "Nadia",    "Olga",    "Pedro",
    "Quentin", "Rosa",   "Sven",   "Tomas",    "Ursula", "Vikram",   "Wanda",   "Xavier",
    "Yusuf",   "Zoe",    "Smith",  "Johnson",  "Garcia", "Miller",   "Novak",   "Olsen",
    "Petrov",  "Quinn",  "Rossi",  "Schmidt",  "Tanaka", "Ueda",     "Vargas",  "Weber",
    "Xu",      "Yamada", "Zhang",  "Andersen", "Becker", "Costa",    "Dubois",  "Eriksson",
    "Fischer", "Gruber", "Haddad", "Ivanova",  "Jansen", "Kowalski", "Lopez",   "Moreau"};

struct Date {
    std::uint64_t year, month, day;
};

// H. Hinnant, "chrono-compatible low-level date algorithms": days since 1970 to a Gregorian date.
constexpr Date date_of(std::uint64_t days) {
    const std::uint64_t shifted = days + 719468; // days from 0000-03-01 to 1970-01-01
    const std::uint64_t era = shifted / 146097;
    const std::uint64_t day_of_era = shifted % 146097;
    const std::uint64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::uint64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::uint64_t month = (5 * day_of_year + 2) / 153; // from March
    return {year_of_era + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9,
            day_of_year - (153 * month + 2) / 5 + 1};
}

} // namespace

Pen& Pen::text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
}

Pen& Pen::put(char c) {
    *at_++ = c;
    return *this;
}

Pen& Pen::number(std::uint64_t value) {
    at_ = std::to_chars(at_, at_ + 20, value).ptr;
    return *this;
}

Pen& Pen::number(std::uint64_t value, int width) {
    for (int i = width - 1; i >= 0; --i) {
        at_[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    at_ += width;
    return *this;
}

Pen& Pen::decimal(std::uint64_t hundredths) {
    return number(hundredths / 100).put('.').number(hundredths % 100, 2);
}

Pen& Pen::hex(Random& random, std::size_t digits) {
    constexpr std::string_view alphabet = "0123456789abcdef";
    while (digits > 0) {
        std::uint64_t bits = random.next();
        for (std::size_t i = std::min<std::size_t>(digits, 16); i > 0; --i, --digits, bits >>= 4)
            *at_++ = alphabet[bits & 15];
    }
    return *this;
}

Pen& Pen::uuid(Random& random) {
    return hex(random, 8)
        .put('-')
        .hex(random, 4)
        .text("-4")
        .hex(random, 3)
        .text("-a")
        .hex(random, 3)
        .put('-')
        .hex(random, 12);
}

Pen& Pen::time(std::uint64_t milliseconds) {
    const std::uint64_t seconds = milliseconds / 1000;
    const Date date = date_of(seconds / 86400);
    number(date.year, 4).put('-').number(date.month, 2).put('-').number(date.day, 2).put(' ');
    number(seconds / 3600 % 24, 2)
        .put(':')
        .number(seconds / 60 % 60, 2)
        .put(':')
        .number(seconds % 60, 2);
    return put('.').number(milliseconds % 1000, 3);
}

Pen& Pen::word(Random& random) {
    const Word& word = lexicon().word(random.below(Lexicon::slots));
    std::memcpy(at_, &word, sizeof word);
    at_ += word.length;
    return *this;
}

Pen& Pen::word_of_rank(std::uint32_t rank) {
    const Word& word = lexicon().word_of_rank(rank);
    std::memcpy(at_, &word, sizeof word);
    at_ += word.length;
    return *this;
}

Pen& Pen::capital_word(Random& random) {
    char* const start = at_;
    word(random);
    *start = static_cast<char>(*start - 'a' + 'A');
    return *this;
}

Pen& Pen::words(Random& random, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
        if (i > 0) put(' ');
        if (random.percent(14)) {
            const Phrase& phrase = lexicon().phrase(random.below(Lexicon::slots));
            std::memcpy(at_, &phrase, sizeof phrase);
            at_ += phrase.length;
            i += 2;
        } else {
            word(random);
        }
    }
    return *this;
}

Pen& Pen::sentence(Random& random) {
    capital_word(random).put(' ').words(random, random.between(3, 17));
    return put('.');
}

Pen& Pen::name(Random& random) { return text(names[random.below(names.size())]); }

void fill_random(std::span<char> bytes, Random& random) {
    while (!bytes.empty()) {
        const std::uint64_t value = random.next();
        const std::size_t count = std::min(bytes.size(), sizeof value);
        std::memcpy(bytes.data(), &value, count);
        bytes = bytes.subspan(count);
    }
}

void fill_prose(std::span<char> bytes, Random& random) {
    std::array<char, 4096> line;
    while (!bytes.empty()) {
        Pen pen(line.data());
        pen.sentence(random).put(random.percent(40) ? '\n' : ' ');
        const std::size_t count =
            std::min(bytes.size(), static_cast<std::size_t>(pen.at() - line.data()));
        std::memcpy(bytes.data(), line.data(), count);
        bytes = bytes.subspan(count);
    }
}

// Instructions of 2 to 5 bytes from a skewed set, operands with few significant bits, now and then
// a table of addresses or a string.
void fill_machine_code(std::span<char> bytes, Random& random) {
    std::array<char, 256> piece;
    while (!bytes.empty()) {
        Pen pen(piece.data());
        const std::uint32_t draw = random.below(100);
        if (draw < 90) {
            const bool idiom = draw < 30; // a prologue, a call with its arguments
            Random opcode(hash_of(0x0FC0DE, random.skewed(random.between(1, 1000)), idiom));
            for (std::uint32_t length = idiom ? opcode.between(8, 24) : opcode.between(2, 5);
                 length > 0; --length)
                pen.put(static_cast<char>(opcode.next()));
            if (draw < 44)
                pen.put(static_cast<char>(random.skewed(128)));
            else if (draw < 52)
                pen.put(static_cast<char>(random.next()))
                    .put(static_cast<char>(random.skewed(64)))
                    .text({"\0\0", 2});
        } else if (draw < 95) {
            pen.put(static_cast<char>(random.next())).put(static_cast<char>(random.next()));
            pen.put(static_cast<char>(0x40 + random.below(4))).text({"\0\0\0\0\0", 5});
        } else {
            pen.word(random).put('_').word(random).put('\0');
        }
        const std::size_t count =
            std::min(bytes.size(), static_cast<std::size_t>(pen.at() - piece.data()));
        std::memcpy(bytes.data(), piece.data(), count);
        bytes = bytes.subspan(count);
    }
}

} // namespace bench
