// P15: what was opened before a rename goes on with the renamed state, or the rename is refused.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoJson, DrivenApp, type Files } from "../../support/driven_app.ts";

const COUNT = (by: number) =>
  `state: () => ({ n: 0 }), actions: { add: (s: { n: number }) => s.n += ${by} }`;

/** What open sockets hold: a closure, a member of the boundary, a member of a family. */
const SOCKETS = `
import { live } from "@flyhot/runtime";
import type { Kept } from "./kept.ts";
const rooms = await live(() => import("./rooms.ts"));
const far = await live(() => import(new URL("./deep/far.ts", import.meta.url).href));
export const open = (it: Kept) => {
  const { counter } = rooms;
  it.sends.push(
    () => rooms.counter.add(),
    () => counter.add(),
    () => rooms.tables.get("a").add(),
    () => far.word(),
  );
};`;

const STATE = (by: number, names: readonly [string, string], old: string) => `
import { family, holder } from "@flyhot/runtime";
export const counter = holder("${names[0]}", { ${
  old && `renamedFrom: "${old}",`
} ${COUNT(by)} });
export const tables = family("${names[1]}", { ${
  old && `renamedFrom: "${old}-tables",`
} ${COUNT(by)} });`;

const FILES: Files = {
  "deno.json": denoJson({ keep: [] }),
  "kept.ts": `
export interface Kept { readonly sends: (() => unknown)[] }
export const kept = (globalThis as unknown as { kept: Kept }).kept ??= { sends: [] };`,
  "sockets.ts": SOCKETS,
  "rooms.ts": STATE(1, ["rooms", "rooms-tables"], ""),
  "deep/far.ts": `export const word = () => "near";`,
  "app.ts": `
import { kept } from "./kept.ts";
import { open as opened } from "./sockets.ts";
export const open = () => { opened(kept); return kept.sends.length; };
export const send = () => Promise.all(kept.sends.map((send) => send()));`,
};

Deno.test("P15: what was opened before its state's module is renamed reaches the renamed state, from upgrade to upgrade", async () => {
  await using app = await DrivenApp.start(FILES);
  await app.call("open");
  let sent = 0;
  let calls = 0;
  const send = async () => {
    const [first, second, table, word] = await app.call("send") as [
      number,
      number,
      number,
      string,
    ];
    calls++;
    assertEquals([first, second, table], [sent + 1, sent + 2, calls]);
    sent += 2;
    return word;
  };
  /** Sends all the time, while a release is tried. */
  const under = async (changes: Files, consent: readonly string[] = []) => {
    let going = true;
    const load = (async () => {
      while (going) await send();
    })();
    const result = await app.upgrade(changes, consent).finally(() => {
      going = false;
    });
    await load;
    return result;
  };
  assertEquals(await send(), "near");

  // Without the boundary's file nothing says where what is open leads.
  const there = (path: string) => path.replace("rooms.ts", "pads.ts");
  for (
    const changes of [
      {
        "rooms.ts": null,
        "pads.ts": STATE(1, ["pads", "pads-tables"], "rooms"),
        "sockets.ts": there(SOCKETS),
      },
      {
        "deep/far.ts": null,
        "deep/farther.ts": `export const word = () => "far";`,
        "sockets.ts": SOCKETS.replace("far.ts", "farther.ts"),
      },
    ] as Files[]
  ) {
    const gone = await under(changes);
    assert(gone.state === "failed", JSON.stringify(gone));
    assertStringIncludes(
      gone.message,
      "is the target of a live boundary here, and gone from the release",
    );
    await app.pack(Object.fromEntries(
      Object.keys(changes).map((path) => [path, FILES[path] ?? null]),
    ));
  }

  // As the refusal says: the file stays, and exports what took its place.
  const renamed = await under({
    "rooms.ts": `export * from "./pads.ts";`,
    "pads.ts": STATE(1, ["pads", "pads-tables"], "rooms"),
    "deep/far.ts": `export { word } from "../word.ts";`,
    "word.ts": `export const word = () => "moved";`,
  });
  assertEquals(renamed.state, "applied", JSON.stringify(renamed));
  assertEquals(await send(), "moved");

  // An undo leads all of them back.
  const undone = await under({
    "pads.ts": `${STATE(5, ["lots", "lots-tables"], "pads")}
import { health } from "@flyhot/runtime"; health(() => false);`,
  });
  assertEquals(undone.state, "failed", JSON.stringify(undone));
  await send();

  // And over a second name, in a folder of its own.
  const again = await under({
    "rooms.ts": `export { counter, tables } from "./lots/mod.ts";`,
    "pads.ts": null,
    "lots/mod.ts": STATE(1, ["lots", "lots-tables"], "pads"),
  });
  assertEquals(again.state, "applied", JSON.stringify(again));
  await send();
  const back = await under({
    "rooms.ts": STATE(1, ["rooms", "rooms-tables"], "lots"),
    "lots/mod.ts": null,
    "deep/far.ts": `export const word = () => "back";`,
  });
  assertEquals(back.state, "applied", JSON.stringify(back));
  assertEquals(await send(), "back");
});
