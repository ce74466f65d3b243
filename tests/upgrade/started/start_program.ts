/** Generated programs that do something when they start, in every way in which it can be done at once or a little later.
 *
 * What they do leaves marks in files: whoever is not evaluated again when the code that made them has changed goes on with
 * the old ones.
 *
 * @module
 */
import type { Files } from "../../support/driven_app.ts";
import { Random } from "../differential/program/random.ts";

/** One version of a program. */
interface Version {
  /** What each leaf writes. */
  readonly words: readonly [string, string];
  /** How the main module begins. */
  readonly begin: keyof typeof BEGINNINGS;
  /** What the start does, by the middle module. */
  readonly does: readonly { readonly by: 0 | 1; readonly act: string }[];
  /** What makes the middle modules another text. */
  readonly notes: readonly [string, string];
}

/** What a method of a class does with the leaf; `{}` stands for its name. */
const METHODS: Readonly<Record<string, string>> = {
  run: `run(key: string) { mark(key + "{}"); }`,
  through: `through(key: string) { this.run(key + "{}"); }`,
  make: `make(key: string) { const leaf = new Leaf(); leaf.mark(key + "{}"); }`,
  inner:
    `inner(key: string) { const act = () => { mark(key + "{}"); }; if (key !== "") act(); }`,
  each:
    `each(key: string) { for (const it of [key].map((x) => { mark(x + "{}"); return x; })) void it; }`,
  later:
    `async later(key: string) { await 0; await new Promise((done) => setTimeout(done, 5)); mark(key + "{}"); }`,
  twice:
    `async twice(key: string) { await this.later(key + "{}"); this.run(key + "{}"); }`,
  chain:
    `chain(key: string) { void Promise.resolve().then(() => { mark(key + "{}"); }); }`,
  soon: `soon(key: string) { queueMicrotask(() => { mark(key + "{}"); }); }`,
  hand: `hand(key: string) { handAtOnce(() => { mark(key + "{}"); }); }`,
  handLate: `handLate(key: string) { handLater(() => { mark(key + "{}"); }); }`,
  give: `give(key: string) { handLater(this.given.bind(this, key)); }
  given(key: string) { mark(key + "give"); }`,
  listen:
    `listen(key: string) { this.events.addEventListener("go", () => { mark(key + "{}"); }); }
  emit() { this.events.dispatchEvent(new Event("go")); }`,
  tell: `tell(key: string) { this.listen(key + "{}"); this.emit(); }`,
  tellLater:
    `tellLater(key: string) { this.listen(key + "{}"); void Promise.resolve().then(() => this.emit()); }`,
  got: `get told() { mark("{}"); return 1; }
  got(_key: string) { return this.told; }`,
  field:
    `field(key: string) { return new (class { it = (mark(key + "{}"), 1); })(); }`,
  fixed: `static fix(key: string) { mark(key + "{}"); }
  fixed(key: string) { MiddleN.fix(key + "{}"); }`,
  walk: `*steps(key: string) { mark(key + "{}"); yield 1; }
  walk(key: string) { for (const it of this.steps(key)) void it; }`,
};

const ACTS = Object.keys(METHODS);

const HELPER = `export function handAtOnce(act: () => unknown) { act(); }
export function handLater(act: () => unknown) { void wait(act); }
async function wait(act: () => unknown) { await 0; act(); }
`;

const SERVE = `Deno.serve({
  port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {},
}, (request) => {
  const [, by, act, key] = new URL(request.url).pathname.split("/");
  if (act && key) ((by === "0" ? m0 : m1) as any)[act](key);
  return new Response("done");
});`;

/** How the main module begins; `ACTS` is what the start does. */
const BEGINNINGS = {
  "at the top":
    `const m0 = new Middle0(), m1 = new Middle1();\nACTS\n${SERVE}\n`,
  "a function":
    `function main() { const m0 = new Middle0(), m1 = new Middle1(); ACTS\n${SERVE} }\nmain();\n`,
  "served first":
    `const m0 = new Middle0(), m1 = new Middle1();\n${SERVE}\nACTS\n`,
  "waited for":
    `async function main() { const m0 = new Middle0(), m1 = new Middle1(); await 0; ACTS\n${SERVE} }\nawait main();\n`,
  "on its own":
    `async function main() { const m0 = new Middle0(), m1 = new Middle1(); await 0; ACTS\n${SERVE} }\nmain();\n`,
  "handed on":
    `function main(m0: Middle0, m1: Middle1) { ACTS\n${SERVE} }\nmain(new Middle0(), new Middle1());\n`,
} as const;

/** Writes a program in several versions. */
export function startProgram(seed: number, versions: number): Files[] {
  const random = new Random(seed);
  let last: Version = {
    words: ["one", "uno"],
    begin: random.pick(Object.keys(BEGINNINGS) as Version["begin"][]),
    does: Array.from({ length: random.integer(0, 2) }, () => act(random)),
    notes: ["", ""],
  };
  return Array.from({ length: versions }, (_, at) => {
    if (at > 0) last = edited(last, at, random);
    return render(last);
  });
}

function act(random: Random): Version["does"][number] {
  return { by: random.integer(0, 1) as 0 | 1, act: random.pick(ACTS) };
}

function edited(last: Version, at: number, random: Random): Version {
  const word = `word${at}`;
  const [a, b] = last.words, [x, y] = last.notes;
  switch (random.integer(0, 7)) {
    case 0:
      return {
        ...last,
        does: [...last.does.slice(-2), act(random)],
        words: [word, b],
      };
    case 1:
      return { ...last, notes: [word, y] };
    case 2:
      return { ...last, notes: [x, word], words: [a, word] };
    case 3:
    case 4:
      return { ...last, words: [a, word] };
  }
  return { ...last, words: [word, b] };
}

function render({ words, begin, does, notes }: Version): Files {
  const acts = does.map(({ by, act }, at) => `m${by}.${act}("start${at}");`)
    .join(" ");
  const middle = (at: 0 | 1) => {
    const name = `Middle${at}`;
    return `// ${notes[at]}
import { Leaf, mark } from "./leaf${at}.ts";
import { handAtOnce, handLater } from "./helper.ts";
export class ${name} {
  events = new EventTarget();
  ${
      Object.entries(METHODS).map(([act, text]) =>
        text.replaceAll("{}", act).replaceAll("MiddleN", name)
      ).join("\n  ")
    }
}
`;
  };
  const leaf = (word: string) =>
    `export function mark(key: string) { Deno.writeTextFileSync(Deno.env.get("MARKS") + "/" + key, "${word}"); }
export class Leaf { mark(key: string) { mark(key); } }
`;
  return {
    "main.ts":
      `import { Middle0 } from "./middle0.ts";\nimport { Middle1 } from "./middle1.ts";\n${
        BEGINNINGS[begin].replace("ACTS", acts)
      }`,
    "middle0.ts": middle(0),
    "middle1.ts": middle(1),
    "helper.ts": HELPER,
    "leaf0.ts": leaf(words[0]),
    "leaf1.ts": leaf(words[1]),
    "deno.json": JSON.stringify({
      flyhot: {
        rebind: true,
        startsAnew: [
          "m0",
          "m1",
          "main.m0",
          "main.m1",
          "new Middle0",
          "new Middle1",
        ].map((it) => `main.ts#${it}`),
        runtime: { probationMs: 200, drainMs: 300 },
      },
    }),
  };
}
