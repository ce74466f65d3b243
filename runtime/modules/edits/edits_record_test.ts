import { assert, assertEquals } from "@std/assert";
import { stripTypeScriptTypes } from "node:module";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { shortDigest } from "../../plan/analyze/code/short_digest.ts";
import { withThreads } from "../hooks/module_source.ts";
import { identityMap } from "../keep/identity_map.ts";
import { Keeping } from "../keep/keeping.ts";
import { edited, editsOf, type Wanted } from "./edits.ts";
import { scriptReader } from "./script_reader.ts";
import { EDITS_VERSION, recordedEdits } from "./edits_record.ts";

const parse = await acornParser(false);
const { edits: make } = await scriptReader();
const ALL: Wanted = { keep: true, set: true, watch: true, places: true };
const ROOT = new URL("../../../", import.meta.url);

const SAMPLE = `const rooms = new Map();
export let count = 0;
export class Room { #names = new Set(); static open = []; join(name) { this.#names.add(name); count++; } }
export default (uri) => new Room(uri);
export const work = async (queue) => { for (;;) { const it = await queue.take(); rooms.set(it, new Room()); } };
export async function* read(source) { let tries = 0; while (true) { yield await source.next(() => tries++); } }
const again = async () => (await work(rooms), again());
export function start(server) { setTimeout(() => again(), 10); server.on("close", again); server.on("open", (it) => it.then(() => start(it))); }
const store = await open(() => rooms);
`;

const TYPED = SAMPLE.replace("rooms =", "rooms: Map<string, Room> =")
  .replace("(queue)", "(queue: Queue)");

/** All of them would take long. */
const EVERY = 3;

Deno.test("what is written down of a module is what is found in its text, over everything that is here", async () => {
  let modules = 0, edits = 0, seen = 0;
  for (const folder of ["runtime/", "src/", "tests/"]) {
    for (const file of filesIn(new URL(folder, ROOT))) {
      if (++seen % EVERY !== 0) continue;
      const source = await Deno.readTextFile(file);
      const loaded = /js$/.test(file.pathname)
        ? "as it is"
        : modules % 4 === 3
        ? "transpiled"
        : "erased";
      const record = make(source, { loaded, rebind: true });
      if (record === null) continue;
      const mode = loaded === "erased" ? "strip" : "transform";
      const body = withThreads(
        loaded === "as it is" ? source : stripTypeScriptTypes(source, { mode }),
      );
      const text = body + identityMap(body, file.href);
      const url = `${file.href}?flyhot=${modules}$&`;
      const program = parse(text);
      const found = editsOf(text, program, url, ALL);
      same(recordedEdits(record, text, url, ALL), found, file.href);
      modules++;
      edits += edited(text, found).insertions.length;
      if (modules % 10 !== 0) continue;
      // Whatever is asked for, and no more.
      for (let some = 0; some < 16; some++) {
        const wanted = {
          keep: (some & 1) > 0,
          set: (some & 2) > 0,
          watch: (some & 4) > 0,
          places: (some & 8) > 0,
        };
        const read = recordedEdits(record, text, url, wanted);
        const found = editsOf(text, program, url, wanted);
        same(read, found, file.href);
        same(edited(text, read!), edited(text, found), file.href);
      }
    }
  }
  assert(modules > 260, `${modules} modules`);
  assert(edits > 2500, `${edits} edits`);
});

/** As `assertEquals`, which takes a hundred times as long for what is plain and equal. */
function same(one: unknown, other: unknown, about: string): void {
  if (plain(one) !== plain(other)) {
    assertEquals(one, other, about);
  }
}

function plain(value: unknown): string {
  return JSON.stringify(
    value,
    (_, it) => it instanceof Map || it instanceof Set ? [...it] : it,
  );
}

function* filesIn(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const here = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* filesIn(here);
    else if (/\.[mc]?[jt]s$/.test(name)) yield here;
  }
}

const kind = { loaded: "as it is", rebind: true } as const;
const read = (record: string | undefined, text = SAMPLE) =>
  recordedEdits(record, text, "file:///a.js", ALL);

Deno.test("what is written down of another text or in another version is not used, nor what is torn", () => {
  const record = make(SAMPLE, kind)!;
  assert(read(record));
  assertEquals(read(undefined), null);
  assertEquals(read(record, SAMPLE.replace("rooms", "rooks")), null);
  assert(read(record, SAMPLE.trimEnd()));
  assertEquals(read(record, `${SAMPLE}a;`), null);
  const old = record.replace(`[${EDITS_VERSION},`, `[${EDITS_VERSION + 1},`);
  assertEquals(read(old), null);
  assertEquals(read(`[${EDITS_VERSION}`), null);
  for (const torn of ["", "{}", "null", record.slice(0, -1), record + "]"]) {
    assertEquals(read(torn), null, torn);
  }
  const parts = JSON.parse(record);
  for (const part of [3, 4, 5, 6]) {
    for (const other of [0, {}, [], [1], ["", -1], ["", 1e9, "x", 1]]) {
      const changed = JSON.stringify(parts.with(part, other));
      // Places alone put nothing in.
      if (part !== 6) assertEquals(read(changed), null, changed);
    }
  }
  const lines = structuredClone(parts);
  lines[3][2] += "\n";
  assertEquals(read(JSON.stringify(lines)), null);
  // Without what only rebinding asks for.
  const plain = make(SAMPLE, { ...kind, rebind: false })!;
  assertEquals(read(plain), null);
  const wanted = { ...ALL, set: false, places: false };
  assert(recordedEdits(plain, SAMPLE, "file:///a.js", wanted));
  // Whoever wants functions that would not lead on without, has the text parsed.
  const wants = (exported: string[], names: string[], watch = true) =>
    recordedEdits(plain, SAMPLE, "file:///a.js", {
      ...wanted,
      watch,
      functions: { exported: new Set(exported), names: new Set(names) },
    }) !== null;
  assertEquals([
    wants(["work", "read", "start"], ["again"]),
    wants([], ["store"]),
    wants(["rooms"], []),
    wants(["default"], []),
    wants(["work", "gone"], []),
    wants(["gone"], ["gone"], false),
  ], [true, false, false, false, false, true]);
});

Deno.test("what is written down is what is found, whichever functions others want, over everything that is here", () => {
  let read = 0, asked = 0, files = 0;
  const check = (source: string, about: string) => {
    const record = make(source, { loaded: "erased", rebind: true });
    if (record === null) return;
    const text = withThreads(stripTypeScriptTypes(source));
    const program = parse(text);
    const { watch } = editsOf(text, program, about, ALL);
    const { exported, names } = watch!.functions;
    const own = [...names, ...[...names].map((it) => it.split(/[:.]/)[0]!)];
    const some = <T>(all: Iterable<T>, share: number) =>
      new Set([...all].filter((_, at) => (at + asked) % share === 0));
    for (let share = 1; share <= 4; share++) {
      const wanted = {
        ...ALL,
        functions: {
          exported: some([...exported.keys(), "default"], share),
          names: some(own, 5 - share),
        },
      };
      asked++;
      const known = recordedEdits(record, text, about, wanted);
      if (!known) continue;
      read++;
      same(known, editsOf(text, program, about, wanted), about);
    }
  };
  for (const folder of ["runtime/", "src/"]) {
    for (const file of filesIn(new URL(folder, ROOT))) {
      if (files++ % 4 !== 0) continue;
      const source = Deno.readTextFileSync(file);
      try {
        stripTypeScriptTypes(source);
      } catch {
        // It is more than types.
        continue;
      }
      check(source, file.href);
    }
  }
  assert(read > 50, `${read} of ${asked}`);
  const program = (given: string) =>
    `export * from "./x.js"; ${given} export { f as g }; const use = (it) => { it.on("a", f); };`;
  for (
    const given of [
      "export function f(a) { return a; }",
      "export const f = (a) => a;",
      "export const f = ({ a }) => a;",
      "export const f = async (a = 1) => { for (;;) await a; };",
      "export const f = { go(a) {}, stop: ({ a }) => a };",
      "export class f { go() {} }",
      "import { f } from './y.js';",
    ]
  ) {
    check(program(given), given);
    check(program(given).replace(/const use.*/, ""), given);
  }
});

Deno.test("a module of which is written down what goes into it is not parsed", async () => {
  const parsing = new Keeping(), reading = new Keeping();
  for (const keeping of [parsing, reading]) {
    await keeping.start();
    await keeping.startRebinding();
  }
  const record = make(SAMPLE, kind)!;
  const url = "file:///a.js?flyhot=2";
  const wrapped = parsing.wrap(SAMPLE, url);
  assertEquals(reading.wrap(SAMPLE, url, false, record), wrapped);
  assertEquals(reading.watched(url, 0), parsing.watched(url, 0));
  assert(reading.watched(url, 0));
  const [name] = [...reading.settable.byPath((it) => it)];
  assertEquals(
    name?.[1].names,
    [
      ...parsing.settable.byPath((it) => it).values(),
    ][0]?.names,
  );
  // It cannot be parsed, which nobody notices who does not.
  const broken = "const = 1;";
  const parts = JSON.parse(record);
  const told = JSON.stringify(
    parts.with(1, shortDigest(broken)).with(3, [
      "\n;end();",
    ]).with(4, ["", [], []]).with(5, ["", [], [[], [], [], []]]),
  );
  assertEquals(reading.wrap(broken, url, false, told), `${broken}\n;end();`);
  assertEquals(reading.wrap(broken, url), broken);
});

Deno.test("whoever changes what goes into texts raises the version of what is written down", () => {
  const erased = { ...kind, loaded: "erased" } as const;
  assertEquals(
    [
      EDITS_VERSION,
      shortDigest(make(SAMPLE, kind)!),
      shortDigest(make(TYPED, erased)!),
    ],
    [8, "583091ae341d6a89", "ea6089a54270b4b3"],
  );
});
