import { assert, assertEquals } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

const ticker = (tag: string) => `
import { service } from "@flyhot/runtime";
import { book } from "./book.ts";
service("ticker", {
  exclusive: true,
  timeoutMs: 2000,
  start: async () => { await book.write("start ${tag}"); },
  stop: async () => { await book.write("stop ${tag}"); },
});
`;

const book = (version: number) => `
import { holder } from "@flyhot/runtime";
export const book = holder("book", {
  version: ${version},
  state: () => ({ lines: [] }),
  migrate: { 2: { up: ({ lines }) => ({ lines: [...lines, "up"] }), down: (s) => s } },
  actions: { write: (state, line) => { state.lines.push(line); } },
});
`;

const V1: Files = {
  "app.ts": `
import { book } from "./book.ts";
import "./ticker.ts";
export const read = () => [...book.state.lines];
`,
  "book.ts": book(1),
  "ticker.ts": ticker("one"),
};

Deno.test("the stop of an exclusive service can use state that the same upgrade migrates", async () => {
  await using app = await DrivenApp.start(V1);
  const result = await app.upgrade({
    "book.ts": book(2),
    "ticker.ts": ticker("two"),
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(await app.call("read"), [
    "start one",
    "up",
    "stop one",
    "start two",
  ]);
});

Deno.test("the stop of a service that is undone can use state that is still suspended", async () => {
  await using app = await DrivenApp.start(V1);
  const result = await app.upgrade({
    "book.ts": book(2),
    "ticker.ts": ticker("two"),
    "app.ts": V1["app.ts"] + `import "./other.ts";`,
    "other.ts": `
import { service } from "@flyhot/runtime";
import "./ticker.ts";
service("other", { start: () => { throw new Error("no port"); } });
`,
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "start");
  assertEquals(await app.call("read"), ["start one", "stop two", "start one"]);
  assertEquals(app.log.includes("Cannot stop the service"), false, app.log);
});
