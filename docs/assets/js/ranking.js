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
      "loss losses function functions get gets getting make makes one some").split(" "),
  );
  const FIELDS = { name: 5, asked: 3, heading: 2, summary: 2, wanted: 1.2, kind: 1, prose: 0.6 };
  const SHOWN = 30; // losses at most
  const LEAST = 0.12; // of the best one's score

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
    /** @param {{losses: any[]}} index */
    constructor({ losses }) {
      this.losses = losses;
      this.bySlug = new Map(losses.map((loss) => [loss.slug, loss]));
      const fields = this.#fields();
      // "Crossentropy" is "cross entropy": what somebody writes as two words is two.
      this.halves = new Map();
      this.vocabulary = new Set();
      const pairs = new Map();
      for (const texts of fields.values()) {
        for (const text of [...texts.name, ...texts.asked, ...texts.heading]) {
          const said = words(text);
          for (let k = 1; k < said.length; k += 1) pairs.set(said[k - 1] + said[k], [said[k - 1], said[k]]);
        }
      }
      const learn = (word) => {
        if (this.vocabulary.has(word)) return;
        this.vocabulary.add(word);
        if (pairs.has(word)) this.halves.set(word, pairs.get(word));
      };
      for (const texts of fields.values()) for (const list of Object.values(texts)) for (const text of list) words(text).forEach(learn);
      for (const texts of fields.values()) for (const text of texts.name) {
        const said = words(text);
        for (let k = 1; k < said.length; k += 1) {
          const joined = said[k - 1] + said[k];
          if (joined.length > 5) learn(joined);
        }
      }

      // How rare a word is.
      const held = (this.held = new Map());
      this.phrases = new Map();
      for (const [slug, texts] of fields) {
        const all = new Set(Object.values(texts).flat().flatMap((text) => this.stems(text)));
        for (const one of all) held.set(one, (held.get(one) ?? 0) + 1);
      }
      const count = losses.length;
      this.rarity = (one) => Math.log(1 + (count + 0.5) / ((held.get(one) ?? 0.5) + 0.5));
      for (const loss of losses) this.phrases.set(loss.slug, this.#phrases(loss, fields.get(loss.slug)));

      this.engine = new MiniSearch({
        idField: "slug",
        fields: Object.keys(FIELDS),
        extractField: (texts, name) => (name === "slug" ? texts.slug : texts[name]),
        tokenize: (list) => list.flatMap((text) => this.stems(text)),
        stringifyField: (list) => list,
        processTerm: (term) => term,
        searchOptions: { boost: FIELDS, bm25: { k: 1.2, b: 0.5, d: 0.5 }, tokenize: (one) => [one], processTerm: (one) => one },
      });
      this.engine.addAll([...fields].map(([slug, texts]) => ({ slug, ...texts })));
      this.spellings = new Spellings([...this.vocabulary].filter((word) => word.length > 2 && !/^\d+$/.test(word)));
      this.#learnNames();
      this.spelledNames = new Spellings([...this.names.keys()].filter((name) => name.length > 2));
    }

    /** The texts of each loss by the field that weighs them. */
    #fields() {
      const fields = new Map(
        this.losses.map((loss) => [
          loss.slug,
          {
            name: [loss.title, loss.slug, ...loss.names, ...loss.calls.map((call) => call.split(/[.:]+/).at(-1))],
            asked: [...loss.terms, ...loss.places.flatMap(([, , , phrases]) => phrases)],
            heading: loss.places.map(([, title]) => title),
            summary: [loss.summary],
            wanted: [],
            kind: [...loss.kinds, loss.family],
            prose: [...loss.calls, ...loss.when, ...loss.places.map(([, , text]) => text), ...loss.more],
          },
        ]),
      );
      // "When not to" on one page is a reason to look for another one's.
      for (const loss of this.losses) {
        for (const [text, slugs] of loss.instead) for (const slug of slugs) fields.get(slug)?.wanted.push(text);
      }
      for (const loss of this.losses) fields.get(loss.slug).wanted.push(...loss.when);
      return fields;
    }

    /** What a loss is asked for by, each phrase as its stems, with the place that answers; -1 is the page itself. */
    #phrases(loss, texts) {
      const told = [
        ...texts.name.map((text) => [text, -1, 1]),
        ...loss.terms.map((text) => [text, -1, 1]),
        [loss.summary, -1, 0.75],
        ...loss.places.flatMap(([, title, text, phrases], k) => [
          ...phrases.map((phrase) => [phrase, k, 1]),
          [title, k, 0.8],
          [text, k, 0.5],
        ]),
        ...texts.wanted.map((text) => [text, -1, 0.7]),
      ];
      return told.map(([text, place, weight]) => {
        const stems = new Set(this.stems(text));
        let mass = 0;
        for (const one of stems) mass += this.rarity(one);
        return { stems, mass, place, weight };
      });
    }

    /** Each spelling of each name, the plainest first to claim it. */
    #learnNames() {
      this.names = new Map();
      const claim = (spelled, slug) => {
        if (spelled && !this.names.has(spelled)) this.names.set(spelled, slug);
      };
      const called = new Map();
      for (const { slug, calls } of this.losses) {
        for (const call of calls) called.set(call, [...(called.get(call) ?? []), slug]);
      }
      // What several losses can be made of is no name of any.
      const own = (loss) => loss.calls.filter((call) => called.get(call).length === 1);
      const told = [
        (loss) => [loss.title, loss.title.replace(/\s*\(.*\)/, ""), loss.slug],
        (loss) => loss.names,
        own,
        (loss) => own(loss).map((call) => call.split(/[.:]+/).at(-1)),
      ];
      for (const names of told) {
        for (const spelled of [letters, bare]) {
          for (const loss of this.losses) {
            for (const name of names(loss)) {
              const made = spelled(name);
              // What is left of a short name means too much.
              if (spelled === letters || made.length > 3) claim(made, loss.slug);
            }
          }
        }
      }
      // Where a name is from: the packages of all calls.
      this.homes = new Set(["torch", "nn", "f", "pytorch", "functional", "tensorflow", "tf", "sklearn", "scikit", "learn"]);
      for (const call of called.keys()) {
        const parts = call.split(/[.:]+/);
        for (const part of parts.slice(0, -1)) this.homes.add(plain(part));
      }
    }

    /** The stems of a text, without words that tell nothing. */
    stems(text) {
      return words(text)
        .flatMap((word) => this.halves?.get(word) ?? [word])
        .filter((word) => !EMPTY.has(word))
        .map(stem);
    }

    /** The words of a question, each with the stems that it may mean and how well. */
    asked(text) {
      const meant = [];
      for (const word of words(text)) {
        if (EMPTY.has(word)) continue;
        const parts = this.halves.get(word);
        if (parts) {
          for (const part of parts) meant.push({ word, stems: new Map([[stem(part), 1]]), known: true });
          continue;
        }
        const stems = new Map([[stem(word), 1]]);
        const known = this.held.has(stem(word));
        if (!known) {
          const near = this.spellings.near(word, allowed(word.length));
          for (const [other, far] of near) {
            const worth = (far === near[0][1] ? 0.8 : 0.45) / far ** 0.5;
            for (const part of this.halves.get(other) ?? [other]) {
              if (!EMPTY.has(part)) stems.set(stem(part), Math.max(stems.get(stem(part)) ?? 0, worth));
            }
          }
        }
        meant.push({ word, stems, known });
      }
      // The last word may not be typed to its end.
      const last = meant.at(-1);
      if (last && /[\p{L}\p{N}]$/u.test(text) && last.word.length > 1) {
        for (const known of this.vocabulary) {
          if (!known.startsWith(last.word)) continue;
          const worth = (last.known ? 0.3 : 0.7) * (last.word.length / known.length) ** 0.5;
          if (!last.stems.has(stem(known))) last.stems.set(stem(known), worth);
        }
      }
      return meant;
    }

    /** The loss that is called so, in another spelling or with a slip of the finger: [slug, slips]. */
    named(text) {
      const typed = text.trim();
      const spelled = [letters(typed), bare(typed)];
      const kept = typed.split(/[^\p{L}\p{N}_]+/u).filter((word) => !this.homes.has(plain(word)));
      if (kept.length) spelled.push(letters(kept.join(" ")), bare(kept.join(" ")));
      const full = spelled.map((one) => this.names.get(one)).find(Boolean);
      if (full) return [full, 0];
      let [best, least] = [null, 9];
      for (const one of new Set(spelled.slice(1))) {
        const near = this.spelledNames.near(one, one.length === 3 ? 1 : allowed(one.length));
        if (near.length && near[0][1] < least) [best, least] = [this.names.get(near[0][0]), near[0][1]];
      }
      return best ? [best, least] : null;
    }

    /**
     * The losses that answer a question, best first, each as {loss, score, places, stems, missing}: places on its page as
     * [index, score], and which of the typed words it holds.
     */
    search(text) {
      const query = this.asked(text);
      const name = this.named(text);
      const scores = new Map();
      if (query.length) {
        const total = query.reduce((sum, { stems }) => sum + this.#worth(stems), 0);
        const found = this.engine.search({
          combineWith: "OR",
          queries: query.map(({ stems }) => ({
            combineWith: "OR",
            queries: [...stems].map(([one, weight]) => ({ queries: [one], boostTerm: () => weight })),
          })),
        });
        const top = found[0]?.score ?? 1;
        for (const { id, score } of found.slice(0, 60)) {
          const phrases = this.phrases.get(id);
          let [best, place] = [0, -1];
          const places = new Map();
          for (const phrase of phrases) {
            let shared = 0;
            for (const { stems } of query) {
              let most = 0;
              for (const [one, weight] of stems) {
                if (phrase.stems.has(one)) most = Math.max(most, weight * this.rarity(one));
              }
              shared += most;
            }
            if (!shared) continue;
            const fit = Math.min(1, shared / total) * Math.min(1, shared / phrase.mass) ** 0.5 * phrase.weight;
            if (fit > best) [best, place] = [fit, phrase.place];
            if (phrase.place >= 0) places.set(phrase.place, Math.max(places.get(phrase.place) ?? 0, fit));
          }
          scores.set(id, { score: score / top + 1.2 * best, best, place, places });
        }
      }
      if (name) {
        const [slug, far] = name;
        const known = query.every((one) => one.known);
        const entry = scores.get(slug) ?? { score: 0, best: 1, place: -1, places: new Map() };
        scores.set(slug, { ...entry, place: -1, score: entry.score + (far === 0 ? 10 : known ? 0.4 : 1.5 / far), best: 1 });
      }
      const ordered = [...scores].sort(([a, x], [b, y]) => y.score - x.score || (a < b ? -1 : 1)).slice(0, SHOWN);
      const least = LEAST * (ordered[0]?.[1].score ?? 0);
      return ordered
        .filter(([, { score }]) => score > least)
        .map(([slug, { score, best, place, places }]) => ({ loss: this.bySlug.get(slug), score, best, place, places }));
    }

    #worth(stems) {
      let most = 0;
      for (const [one, weight] of stems) most = Math.max(most, weight * this.rarity(one));
      return most;
    }
  }

  /** @type {any} */ (globalThis).Ranking = Ranking;
}
