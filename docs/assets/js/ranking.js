// Ranks the losses that answer a question. It knows the index and no page: the search's worker and the command line ask it.
//
// Three tiers, as people ask: a name, whatever its spelling; then words, which the index's fields weigh, and phrases, which
// a loss or a place on its page is asked for by; typing errors are mended before either.

"use strict";

{
  const { MiniSearch, stemmer } = /** @type {any} */ (globalThis).minisearch;

  // Words that ask and tell nothing of what is asked for.
  const EMPTY = new Set(
    ("a an the of for in to with is are be and or that which what when where how why do does did i my me we you your it its " +
      "this as at by on from into so than then there should would can could will want need use using used have has had " +
      "loss losses function functions parameter parameters get gets getting make makes one some").split(" "),
  );
  const FIELDS = { name: 3, asked: 3, placed: 3, heading: 1.5, summary: 2, wanted: 1.8, kind: 2.2, prose: 0.7 };
  const PHRASE = 2.5; // of a phrase that fits, beside the best score of words
  const [ASKED, HELD] = [1.4, 0.5]; // how much of the question a phrase holds, and how much of it the question is
  const PLACED = 0.7; // of a phrase that a place on the page answers, beside one that the page does
  const RARE = 0.4; // how much more a rare word tells than a common one
  const COVERED = 0.5; // how much it counts that a loss has all words of the question
  const [KNOWN, BRIEF] = [0.5, 0.5]; // of a loss that others send readers to, and how much less the more words are asked
  const SLIP = 0.65; // of a word that is one only with slips
  const EXACT = 10; // of a name: above all else
  const ASIDE = 1.5; // of a phrase by which one loss alone is asked for
  const NEAR = 3; // of a name with one slip
  const SLIPPED = 0.3; // the same where each word is one that somebody may mean
  const CODE = 1; // of a name in code among other words
  const PARAMETER = "parameter-"; // how the anchor of one begins
  const SHOWN = 30; // losses at most
  const LEAST = 0.1; // of the best one's score, or of that of the best words
  const PLACES = 4; // of a loss at most
  const PLACE = 0.3; // how well a place must fit

  /** Letters without case and accents. */
  const plain = (text) =>
    text
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .replace(/ø/g, "o")
      .toLowerCase();

  /** A text's words: those of CamelCase and snake_case apart. */
  const words = (text) =>
    plain(text.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").replace(/(\p{Lu}{2,})(\p{Lu}\p{Ll}{2})/gu, "$1 $2"))
      .replace(/['’](s\b)?/g, "")
      .match(/[\p{L}\p{N}]+/gu) ?? [];

  /** A word without what number, tense and the two shores of the Atlantic change. */
  const stem = (word) =>
    stemmer(
      word
        .replace(/([a-z]{3,})is(e|ed|es|er|ers|ing|ation|ations)$/, "$1iz$2")
        .replace(/our(s|ed|ing|al|able|hood|hoods)?$/, "or$1")
        .replace(/^(cent|met|lit)re(s?)$/, "$1er$2")
        .replace(/ll(ed|ing|er|ers)$/, "l$1")
        .replace(/ogue(s?)$/, "og$1"),
    );

  /** A name's letters and digits, and the same without what any name may have. */
  const letters = (text) => plain(text).replace(/[^\p{L}\p{N}]+/gu, "");
  const bare = (text) => letters(plain(text.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")).replace(/(?<![\p{L}\p{N}])(loss(es)?|functions?)(?![\p{L}\p{N}])/gu, " "));

  /** How many letters were swapped, dropped, doubled or replaced, up to a limit. */
  function slips(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let [older, old] = [[], Array.from({ length: b.length + 1 }, (_, k) => k)];
    for (let i = 1; i <= a.length; i += 1) {
      const row = [i];
      for (let j = 1; j <= b.length; j += 1) {
        row[j] = Math.min(old[j] + 1, row[j - 1] + 1, old[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], older[j - 2] + 1);
      }
      if (Math.min(...row) > most) return most + 1;
      [older, old] = [old, row];
    }
    return old[b.length];
  }
  /** How many slips a word of so many letters may have. */
  const allowed = (length) => (length < 4 ? 0 : length < 9 ? 1 : 2);

  /** Which letters a word has, as bits. */
  function signs(word) {
    let bits = 0;
    for (let k = 0; k < word.length; k += 1) bits |= 1 << word.charCodeAt(k) % 32;
    return bits;
  }
  function ones(bits) {
    let count = 0;
    for (; bits; bits &= bits - 1) count += 1;
    return count;
  }

  /** Texts by their length, to find those that differ by a few slips without looking at each letter of all. */
  class Spellings {
    constructor(texts) {
      this.byLength = new Map();
      for (const text of texts) {
        const same = this.byLength.get(text.length) ?? [];
        this.byLength.set(text.length, same);
        same.push([text, signs(text)]);
      }
    }

    /** Those at most so many slips away, as [text, slips], nearest first. */
    near(typed, most) {
      const found = [];
      const bits = signs(typed);
      for (let length = typed.length - most; length <= typed.length + most; length += 1) {
        for (const [text, other] of this.byLength.get(length) ?? []) {
          // A slip takes at most one letter out and puts one in.
          if (ones(bits ^ other) > 2 * most) continue;
          const far = slips(typed, text, most);
          if (far <= most) found.push([text, far]);
        }
      }
      return found.sort((a, b) => a[1] - b[1] || Number(b[0][0] === typed[0]) - Number(a[0][0] === typed[0]));
    }
  }

  class Ranking {
    /** Texts as stems, each made once. @type {Map<string, string[]>} */
    #stemmed = new Map();
    /** Words as stems. @type {Map<string, string>} */
    #stemOf = new Map();

    /** @param {{losses: any[], words: Record<string, string>}} index */
    constructor({ losses, words: meanings }) {
      this.losses = losses;
      const fields = new Map(losses.map((loss) => [loss.slug, texts(loss, meanings)]));
      // "When not to" on one page is a reason to look for another one's; and whom many send readers to is known better.
      const sent = new Map();
      for (const { instead } of losses) {
        for (const [text, slugs] of instead) for (const slug of slugs) fields.get(slug)?.wanted.push(text);
        for (const slug of new Set(instead.flatMap(([, slugs]) => slugs))) sent.set(slug, (sent.get(slug) ?? 0) + 1);
      }
      this.known = new Map([...sent].map(([slug, count]) => [slug, Math.log1p(count) / Math.log1p(losses.length)]));
      this.#learnWords([...fields.values()]);
      this.#learnPhrases(fields);
      this.#learnNames();
      this.engine = new MiniSearch({
        idField: "slug",
        fields: Object.keys(FIELDS),
        stringifyField: (field) => field,
        tokenize: (field) => (typeof field === "string" ? [field] : field.flatMap((text) => this.#stems(text))),
        processTerm: (term) => term,
        searchOptions: { boost: FIELDS, bm25: { k: 1.5, b: 0.5, d: 0.3 }, combineWith: "OR" },
      });
      this.engine.addAll([...fields].map(([slug, held]) => ({ slug, ...held })));
    }

    /** Which words there are, and which of them are two. */
    #learnWords(fields) {
      const joined = new Map();
      const named = new Set();
      this.vocabulary = new Set();
      for (const held of fields) {
        for (const [field, list] of Object.entries(held)) {
          for (const text of list) {
            const said = words(text);
            for (const [k, word] of said.entries()) {
              this.vocabulary.add(word);
              if (!k || field === "prose" || field === "wanted") continue;
              joined.set(said[k - 1] + word, [said[k - 1], word]);
              if (field === "name") named.add(said[k - 1] + word);
            }
          }
        }
      }
      for (const word of named) if (word.length > 5) this.vocabulary.add(word);
      // "Crossentropy" is "cross entropy": what somebody writes as two words is two.
      this.halves = joined;
      this.spellings = new Spellings([...this.vocabulary].filter((word) => word.length > 2 && !/^\d+$/.test(word)));
    }

    /** What losses are asked for by, each phrase with the place that answers, and which phrases hold a stem. */
    #learnPhrases(fields) {
      const held = new Map(); // in how many losses a stem is
      for (const lists of fields.values()) {
        const all = new Set(Object.values(lists).flat().flatMap((text) => this.#stems(text)));
        for (const one of all) held.set(one, (held.get(one) ?? 0) + 1);
      }
      this.rarity = new Map([...held].map(([one, count]) => [one, Math.log(1 + (this.losses.length + 0.5) / (count + 0.5)) ** RARE]));
      this.phrases = [];
      this.holding = new Map();
      this.said = new Map(); // of each loss its phrases, and the stems of its names
      for (const loss of this.losses) {
        const begun = this.phrases.length;
        for (const [text, place, weight] of phrases(loss, fields.get(loss.slug))) {
          const stems = new Set(this.#stems(text));
          let mass = 0;
          for (const one of stems) {
            mass += this.rarity.get(one);
            if (!this.holding.has(one)) this.holding.set(one, []);
            this.holding.get(one).push(this.phrases.length);
          }
          this.phrases.push({ slug: loss.slug, stems, place, weight, mass });
        }
        const named = new Set(fields.get(loss.slug).name.flatMap((text) => this.#stems(text)));
        this.said.set(loss.slug, { named, phrases: this.phrases.slice(begun) });
      }
    }

    /** Each spelling of each name, the plainest first to claim it. */
    #learnNames() {
      /** @type {Map<string, string>} */
      this.names = new Map();
      this.having = new Map(); // which losses have a parameter
      for (const { slug, places } of this.losses) {
        for (const [anchor] of places) {
          const name = anchor.startsWith(PARAMETER) ? letters(anchor.slice(PARAMETER.length)) : "";
          if (name) this.having.set(name, [...(this.having.get(name) ?? []), slug]);
        }
      }
      const owners = new Map();
      for (const { slug, calls } of this.losses) {
        for (const call of calls) owners.set(call, [...(owners.get(call) ?? []), slug]);
      }
      // What several losses can be made of is no name of any.
      const own = ({ calls }) => calls.filter((call) => owners.get(call).length === 1);
      const told = [
        ({ title, slug }) => [title, title.replace(/\s*\(.*\)/, ""), slug],
        ({ names }) => names.flatMap((name) => (name.startsWith("F.") ? [name, `torch.nn.functional.${last(name)}`] : [name])),
        own,
        (loss) => own(loss).map(last),
      ];
      for (const names of told) {
        for (const spelled of [letters, bare]) {
          for (const loss of this.losses) {
            for (const name of names(loss)) {
              const made = spelled(name);
              // What is left of a short name means too much.
              if ((spelled === letters || made.length > 3) && !this.names.has(made)) this.names.set(made, loss.slug);
            }
          }
        }
      }
      // What is asked for by people who look for one loss alone is nearly a name.
      this.asides = new Map();
      for (const { slug, terms } of this.losses) {
        for (const term of terms) this.asides.set(letters(term), this.asides.has(letters(term)) ? "" : slug);
      }
      for (const [spelled, slug] of this.asides) if (!slug || this.names.has(spelled)) this.asides.delete(spelled);
      this.spelledNames = new Spellings([...this.names.keys(), ...this.asides.keys()].filter((name) => name.length > 2));
      // Where names are from: the packages of all calls.
      this.homes = new Set(["nn", "f", "pytorch", "tf"]);
      for (const call of owners.keys()) for (const part of call.split(/[.:]+/).slice(0, -1)) this.homes.add(plain(part));
    }

    /** A word as its stem. */
    #stem(word) {
      let made = this.#stemOf.get(word);
      if (made === undefined) this.#stemOf.set(word, (made = stem(word)));
      return made;
    }

    /** The stems of a text, without words that tell nothing. */
    #stems(text) {
      let made = this.#stemmed.get(text);
      if (made) return made;
      made = [];
      for (const word of words(text)) {
        for (const part of this.halves.get(word) ?? [word]) if (!EMPTY.has(part)) made.push(this.#stem(part));
      }
      this.#stemmed.set(text, made);
      return made;
    }

    /** The words of a question, each with the stems that it may mean and how well. */
    #asked(text) {
      const meant = [];
      for (const word of words(text)) {
        if (EMPTY.has(word)) continue;
        const parts = this.halves.get(word);
        if (parts) {
          for (const part of parts) if (!EMPTY.has(part)) meant.push({ word, stems: new Map([[this.#stem(part), 1]]), known: true });
          continue;
        }
        const stems = new Map([[stem(word), 1]]);
        const known = this.rarity.has(stem(word));
        if (!known) {
          const near = this.spellings.near(word, allowed(word.length));
          for (const [other, far] of near) {
            const worth = far === near[0][1] ? SLIP : SLIP / 2;
            for (const part of this.halves.get(other) ?? [other]) {
              if (!EMPTY.has(part)) stems.set(this.#stem(part), Math.max(stems.get(this.#stem(part)) ?? 0, worth));
            }
          }
        }
        meant.push({ word, stems, known });
      }
      // The last word may not be typed to its end.
      const end = meant.at(-1);
      if (end && /[\p{L}\p{N}]$/u.test(text) && end.word.length > 1) {
        for (const known of this.vocabulary) {
          if (!known.startsWith(end.word)) continue;
          const worth = (end.known ? 0.3 : 0.7) * (end.word.length / known.length) ** 0.5;
          if (!end.stems.has(this.#stem(known))) end.stems.set(this.#stem(known), worth);
        }
      }
      return meant;
    }

    /** The loss that is called so, in another spelling or with slips of the finger, and what that is worth. */
    #named(text, asked) {
      const kept = text.split(/[^\p{L}\p{N}_]+/u).filter((word) => !this.homes.has(plain(word))).join(" ");
      const spelled = [letters(text), bare(text), letters(kept), bare(kept)].filter(Boolean);
      const full = spelled.map((one) => this.names.get(one)).find(Boolean);
      if (full) return { slug: full, worth: EXACT };
      if (this.asides.has(spelled[0])) return { slug: this.asides.get(spelled[0]), worth: ASIDE };
      const near = [...new Set(spelled)]
        .flatMap((one) => this.spelledNames.near(one, one.length === 3 ? 1 : allowed(one.length)).slice(0, 1))
        .sort((a, b) => a[1] - b[1]);
      if (!near.length) return null;
      const [[meant, slips]] = near;
      const slug = this.names.get(meant) ?? this.asides.get(meant);
      return { slug, worth: asked.every((one) => one.known) ? SLIPPED : NEAR / slips };
    }

    /** The losses that are named among other words, as code names them: "KLDivLoss is negative". */
    #within(text) {
      const found = new Map();
      for (const one of text.match(/[\p{L}\p{N}_.:]*[\p{L}\p{N}]/gu) ?? []) {
        if (!/[\p{Ll}\p{N}]\p{Lu}|\p{Lu}{2}\p{Ll}|[_.:]/u.test(one)) continue;
        for (const spelled of [letters(one), letters(last(one))]) {
          const [near, slips] = this.spelledNames.near(spelled, spelled.length < 6 ? 0 : allowed(spelled.length))[0] ?? [];
          const slug = this.names.get(near);
          if (slug) found.set(slug, Math.max(found.get(slug) ?? 0, slips ? CODE * SLIP : CODE));
          // A parameter that one loss has is as good as its name.
          const having = this.having.get(spelled) ?? [];
          if (having.length === 1) found.set(having[0], CODE);
        }
      }
      return found;
    }

    /** What the best of the stems that a word may mean is worth, or of those that are held. */
    #most(stems, held) {
      let most = 0;
      for (const [one, weight] of stems) if (!held || held.has(one)) most = Math.max(most, weight * (this.rarity.get(one) ?? 0));
      return most;
    }

    /** How well the question fits the best phrase of each loss. */
    #fits(asked) {
      const worth = (one, weight) => weight * (this.rarity.get(one) ?? 0);
      let total = 0;
      const shared = new Map();
      for (const { stems } of asked) {
        const most = new Map();
        for (const [one, weight] of [...stems].sort((a, b) => worth(...b) - worth(...a))) {
          total += most.size || !worth(one, weight) ? 0 : worth(one, weight);
          for (const k of this.holding.get(one) ?? []) if (!most.has(k)) most.set(k, worth(one, weight));
        }
        for (const [k, mass] of most) shared.set(k, (shared.get(k) ?? 0) + mass);
      }
      const fits = new Map();
      for (const [k, mass] of shared) {
        const { slug, place, weight, mass: whole } = this.phrases[k];
        fits.set(slug, Math.max(fits.get(slug) ?? 0, fitting(mass, total, whole) * weight * (place < 0 ? 1 : PLACED)));
      }
      return fits;
    }

    /**
     * The losses that answer a question, best first, as {loss, score, places, terms, marked}: the places on its page that
     * answer, best first, as [index, score], with a score above the page's own where the question is rather for the place;
     * which of the typed words it has; and a function that marks them in a text.
     */
    search(text) {
      const asked = this.#asked(text);
      const scores = new Map();
      const fits = this.#fits(asked);
      const held = new Map();
      if (asked.length) {
        const found = this.engine.search({
          queries: asked.map(({ stems }) => ({
            queries: [...stems].map(([made, weight]) => ({ queries: [made], boostTerm: () => weight })),
          })),
        });
        const total = asked.reduce((sum, { stems }) => sum + this.#most(stems), 0);
        for (const { id, score, terms } of found) {
          held.set(id, new Set(terms));
          const known = asked.reduce((sum, { stems }) => sum + this.#most(stems, held.get(id)), 0);
          const fit = score / found[0].score + PHRASE * (fits.get(id) ?? 0);
          scores.set(id, fit * (known / total) ** COVERED * (1 + (KNOWN * (this.known.get(id) ?? 0)) / asked.length ** BRIEF));
        }
      }
      for (const [slug, worth] of this.#within(text)) scores.set(slug, (scores.get(slug) ?? 0) + worth);
      const name = this.#named(text, asked);
      if (name) scores.set(name.slug, (scores.get(name.slug) ?? 0) + name.worth);
      const answers = this.losses
        .filter(({ slug }) => scores.has(slug))
        .map((loss) => ({ loss, score: scores.get(loss.slug) }))
        .sort((a, b) => b.score - a.score);
      return answers
        .slice(0, SHOWN)
        .filter(({ score }) => score > LEAST * Math.min(answers[0].score, 1 + PHRASE))
        .map(({ loss, score }) => ({
          loss,
          score,
          places: this.#places(loss, score, asked),
          terms: Object.fromEntries(
            asked.map(({ word, stems }) => [word, name?.slug === loss.slug || [...stems.keys()].some((one) => held.get(loss.slug)?.has(one))]),
          ),
          marked: (shown, escaped) => this.#marked(shown, escaped, asked),
        }));
    }

    /**
     * The places on a page that answer, as [index, score]; the theme compares scores to two digits. What of the question
     * names the loss says nothing of a place.
     */
    #places(loss, score, asked) {
      const { named, phrases } = this.said.get(loss.slug);
      const rest = asked.filter(({ stems }) => !named.has([...stems.keys()][0]));
      const meant = rest.length ? rest : asked;
      const total = meant.reduce((sum, { stems }) => sum + this.#most(stems), 0);
      let page = score >= EXACT ? 1 : 0;
      const fits = new Map();
      for (const { stems, mass, place, weight } of phrases) {
        const shared = meant.reduce((sum, one) => sum + this.#most(one.stems, stems), 0);
        const fit = fitting(shared, total, mass) * weight;
        if (place < 0) page = Math.max(page, fit);
        else if (fit > (fits.get(place) ?? PLACE)) fits.set(place, fit);
      }
      return [...fits]
        .sort((a, b) => b[1] - a[1])
        .slice(0, PLACES)
        .map(([place, fit]) => [place, fit > page ? score * (1.02 + fit / 50) : score * 0.9 * fit]);
    }

    /** A text with marks around the words that were asked for. */
    #marked(shown, escaped, asked) {
      return shown
        .split(/([\p{L}\p{N}]+)/u)
        .map((part, k) => {
          const found = k % 2 && this.#stems(part).some((one) => asked.some(({ stems }) => stems.has(one)));
          return found ? `<mark data-md-highlight>${escaped(part)}</mark>` : escaped(part);
        })
        .join("");
    }
  }

  /** How well a phrase fits a question, from what is shared, what the question is worth, and what the phrase is. */
  function fitting(shared, total, mass) {
    return Math.min(1, shared / total) ** ASKED * Math.min(1, shared / mass) ** HELD;
  }

  /** The last part of a name with an address. */
  function last(call) {
    return call.split(/[.:]+/).at(-1);
  }

  /** The texts of a loss by the field that weighs them. */
  function texts(loss, meanings) {
    return {
      name: [loss.title, loss.slug, ...loss.names, ...loss.calls.map(last)],
      asked: loss.terms,
      placed: loss.places.flatMap(([, , , asked]) => asked),
      heading: loss.places.map(([, title]) => title),
      summary: [loss.summary],
      wanted: [...loss.when],
      kind: [...loss.kinds, ...loss.kinds.map((kind) => meanings[kind]), loss.family],
      prose: [...loss.calls, ...loss.places.map(([, , text]) => text), ...loss.more],
    };
  }

  /** What a loss is asked for by, as [text, place, weight]; the page itself is place -1. */
  function phrases(loss, { name, wanted }) {
    return [
      ...name.map((text) => [text, -1, 1]),
      ...loss.terms.map((text) => [text, -1, 1]),
      [loss.summary, -1, 0.6],
      ...wanted.map((text) => [text, -1, 0.6]),
      ...loss.places.flatMap(([, title, text, asked], k) => [
        ...asked.map((phrase) => [phrase, k, 1]),
        [title, k, 1],
        [text, k, 0.5],
      ]),
    ];
  }

  /** @type {any} */ (globalThis).Ranking = Ranking;
}
