import { assert, assertEquals } from "@std/assert";
import { LoadedApp, SERVING_SHELL } from "../../support/served_app.ts";

const STATE = `
import { family, holder } from "@flyhot/runtime";
export const visits = holder("visits", { state: () => ({ n: 0 }), actions: { add: (s) => ++s.n } });
export const rooms = family("rooms", { state: () => ({ n: 0 }), actions: { say: (s) => ++s.n } });
`;
const PORT =
  "export const port = () => (globalThis as { port?: number }).port;";
const WITH = `${PORT}
import { rooms, visits } from "./state.ts";
const asked = async (key: string) => {
  await visits.add();
  await rooms.get(key).say();
  return rooms.has(key) && visits.state.n > 0 ? "v1" : "wrong";
};
export const handle = async (request: Request): Promise<Response> => {
  const { pathname } = new URL(request.url);
  if (pathname !== "/slow") return new Response(await asked("lobby"));
  const seen: string[] = [];
  for (let turn = 0; turn < 40; turn++) {
    seen.push(await asked("room" + turn));
    await new Promise((done) => setTimeout(done, 20));
  }
  return new Response(seen.join(""));
};
`;
const WITHOUT =
  `${PORT} export const handle = (_: Request): Response => new Response("v2");`;
const DROPPED = ["holder:visits", "holder:rooms"];

for (const passes of [true, false]) {
  Deno.test(
    `requests that began in code with state that is given up end in it, where the check ${
      passes ? "passes" : "fails"
    }`,
    async () => {
      await using loaded = await LoadedApp.start({
        "settings.ts": SERVING_SHELL(
          `health: async () => { await new Promise((r) => setTimeout(r, 200)); return ${passes}; }`,
        ),
        "app.ts": WITH,
        "state.ts": STATE,
      });
      await loaded.fresh();
      const slow = loaded.ask("/slow");
      const { state } = await loaded.app.upgrade(
        { "app.ts": WITHOUT, "state.ts": null },
        DROPPED,
      );
      assertEquals(state, passes ? "applied" : "failed");
      assertEquals(await slow, `200 ${"v1".repeat(40)}`);
      const after = passes ? "200 v2" : "200 v1";
      assertEquals(await loaded.ask("/"), after);
      assertEquals(
        [...loaded.answers.keys()],
        passes ? ["200 v1", "200 v2"] : ["200 v1"],
      );
      assert(loaded.answers.get("200 v1")! > 5, "the clients asked meanwhile");
    },
  );
}
