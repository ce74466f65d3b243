import { assert, assertEquals } from "@std/assert";
import { LoadedApp, SERVING_SHELL } from "../../support/served_app.ts";

const PORT =
  "export const port = () => (globalThis as { port?: number }).port;";

/** State that somebody touches after it has been copied, and before all has: a step of the one copied next does. */
const files = (version: 1 | 2) => ({
  "app.ts": `${PORT}
import { items } from "./state.ts";
export const handle = async (request: Request): Promise<Response> => {
  const { pathname } = new URL(request.url);
  if (pathname === "/touch") await items.touch();
  return new Response(pathname === "/show" ? await items.show() : "v${version}");
};`,
  "item.ts": version === 1
    ? `export class Item { x = 1; describe = (): string => "one " + this.x; }`
    : `export class Item { x = 1; tone = 6; describe = (): string => "two " + this.x + " " + this.tone + this.more(); more(): string { return "!"; } }`,
  "state.ts": `
import { holder } from "@flyhot/runtime";
import { Item } from "./item.ts";
export const items = holder("items", {
  version: ${version},
  state: () => ({ touched: 0, all: [new Item(), new Item()] }),
  MIGRATE(({ ...old }))
  actions: {
    touch: (state: any) => { state.touched++; },
    show: (state: any) => state.touched + " " + state.all.map((it: any) => it.describe()).join(),
  },
});
export const next = holder("next", {
  version: ${version},
  state: () => ({}),
  MIGRATE(fetch("http://127.0.0.1:" + (globalThis as any).port + "/touch").then(() => ({ ...old })))
});`.replaceAll(
    /MIGRATE(.*)/g,
    version === 1 ? "" : "migrate: { 2: (old: any) => $1 },",
  ),
});

Deno.test("instances in state that is touched while it is copied follow their class", async () => {
  await using loaded = await LoadedApp.start({
    "settings.ts": SERVING_SHELL(""),
    ...files(1),
  });
  await loaded.fresh();
  assertEquals(await loaded.ask("/show"), "200 0 one 1,one 1");
  const result = await loaded.app.upgrade(files(2));
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(await loaded.ask("/show"), "200 1 two 1 6!,two 1 6!");
  assertEquals([...loaded.answers.keys()], ["200 v1", "200 v2"]);
  assert(loaded.answers.get("200 v1")! > 5, "asked meanwhile");
});
