import { assertEquals } from "@std/assert";
import { refusalText } from "../../base/refusal.ts";
import { packed, running } from "../../../tests/support/planned_app.ts";
import { classify } from "../classify.ts";

/** What is refused when a module that patches something is replaced. */
function refused(
  before: string,
  after: string,
  consent: readonly string[] = [],
): string[] {
  const own = { "lib/own.ts": `export class Own {}` };
  const aliases = { "$lib/": "lib/" };
  const machine = running({ "main.ts": before, ...own }, {
    live: {},
    loaded: ["main.ts", "lib/own.ts"],
    changes: { boot: [] },
    aliases,
  });
  const release = packed({ "main.ts": after, ...own }, { aliases });
  return classify(release, machine, { consent }).refusals.map(refusalText);
}

Deno.test("a package that the old code has patched and the new code does not is refused, like a global", () => {
  const patched = `import { Hono } from "npm:hono@4";
Hono.prototype.last = function () { return "one"; };
serve(Hono);`;
  const plain = `import { Hono } from "npm:hono@4";\nserve(Hono);`;
  assertEquals(refused(patched, plain), [
    `main.ts:2 hono.Hono.prototype.last: was set by it and would stay, because the new code does not set it; let the new code set it to what it has to be, or go on setting it, or consent to it: "consent": ["global:main.ts#hono.Hono.prototype.last"]`,
  ]);
  assertEquals(
    refused(patched, plain, ["global:main.ts#hono.Hono.prototype.last"]),
    [],
  );
  // Set again, in whatever way, it is what the new code makes of it.
  for (
    const again of [
      patched.replace("one", "two"),
      `import { Hono as App } from "npm:hono@4"; Object.assign(App.prototype, { last() {} });`,
      `import * as hono from "npm:hono@4"; const { prototype } = hono.Hono; prototype.last = 1;`,
    ]
  ) assertEquals(refused(patched, again), [], again);
});

Deno.test("a patch on top of a patch of a package is refused", () => {
  const wraps = (word: string) =>
    `import { Hono } from "npm:hono@4"; const { fetch } = Hono.prototype;
const before = Hono.prototype.fetch;
Hono.prototype.fetch = (...all) => before("${word}", ...all);`;
  assertEquals(refused(wraps("one"), wraps("two")), [
    `main.ts:3 hono.Hono.prototype.fetch: is set by the new code to something made of what the old code has set; set it in a module of its own that does not change, or consent to it: "consent": ["global:main.ts#hono.Hono.prototype.fetch"]`,
  ]);
});

Deno.test("what is set on a module of the app behind an alias goes with that module", () => {
  assertEquals(
    refused(
      `import { Own } from "$lib/own.ts"; Own.prototype.last = () => "one";`,
      `import { Own } from "$lib/own.ts"; serve(Own);`,
    ),
    [],
  );
});

Deno.test("a package that the old code has extended by a call and the new code does not is refused, and so is what is added twice", () => {
  const extended = `import dayjs from "npm:dayjs@1";
import utc from "npm:dayjs@1/plugin/utc";
dayjs.extend(utc); dayjs.locale("de");
serve(dayjs);`;
  assertEquals(refused(extended, `${extended}\nserve(1);`), []);
  assertEquals(refused(extended, extended.replace("de", "fr")), []);
  const name = "dayjs.extend(dayjs/plugin/utc.default)";
  assertEquals(refused(extended, extended.replace("dayjs.extend(utc); ", "")), [
    `main.ts:3 ${name}: was called by it, and what that has done to the package would stay, because the new code does not call it so; go on calling it, or consent to it: "consent": ["global:main.ts#${name}"]`,
  ]);
  assertEquals(
    refused(extended, "serve(1);", [
      `global:main.ts#${name}`,
      "global:main.ts#dayjs.locale()",
    ]),
    [],
  );
  const intercepted = `import axios from "npm:axios@1";
axios.interceptors.request.use((it) => it);`;
  assertEquals(refused(intercepted, intercepted.replace("(it)", "(that)")), [
    `main.ts:2 axios.interceptors.request.use(…): is called by the new code as well, on top of what the old code has done to the package; call it in a module of its own that does not change, or consent to it: "consent": ["global:main.ts#axios.interceptors.request.use(…)"]`,
  ]);
});

Deno.test("a global that functions change is state, which the new code must not set back", () => {
  const app = (set: string, word: string) =>
    `globalThis.count ${set} 0; serve(() => { globalThis.count++; return "${word}"; });`;
  assertEquals(refused(app("=", "one"), app("=", "two")), [
    `main.ts:1 count: holds state (functions of main.ts change it), which would be lost; set it only where it is not there (globalThis.count ??= …), or in a module of its own that does not change, or consent to it: "consent": ["global:main.ts#count"]`,
  ]);
  assertEquals(
    refused(app("=", "one"), app("=", "two"), ["global:main.ts#count"]),
    [],
  );
  assertEquals(refused(app("??=", "one"), app("??=", "two")), []);
});
