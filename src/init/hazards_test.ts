import { assertEquals } from "@std/assert";
import { readCode } from "./code.ts";
import { lastingCalls, moduleState } from "./hazards.ts";

const code = (source: string) => readCode(source)!;

Deno.test("lastingCalls() finds what goes on for ever, on the top level only", () => {
  assertEquals(
    lastingCalls(code(`
setInterval(f, 1);
setInterval(g, 1);
globalThis . addEventListener("unload", f);
const c = Deno.listen({ port: 1 });
const b = new BroadcastChannel("x");
function f() { setTimeout(g, 1); new Worker(u); }
element.addEventListener("x", f);
// Deno.cron("x");
`)),
    [
      "setInterval()",
      "globalThis.addEventListener()",
      "Deno.listen()",
      "new BroadcastChannel()",
    ],
  );
});

Deno.test("moduleState() finds variables that would begin anew, on the top level only", () => {
  assertEquals(
    moduleState(code(`
let count = 0;
var old;
const rooms = new Map<string, Room>();
const members: Set<string> = new Set();
const list: string[] = [];
const cache = {};
const fixed = { a: 1 };
const pattern = new RegExp("x");
const kv = await Deno.openKv();
function f() { let inner = 1; const m = new Map(); }
export let shown = 1;
`)),
    ["count", "old", "rooms", "members", "list", "cache", "shown"],
  );
});
