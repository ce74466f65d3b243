import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Keeping } from "./keeping.ts";

const SOURCE = `#!/usr/bin/env -S deno run
export const rooms = new Map(), outer = (() => { const inner = [1]; return () => inner; })();
export function main() { let hits = 0, plain = 1; const games = new Map(); plain++; return () => { hits++; return games; }; }
export class Db { static one; static get() { return this.one ??= new Db(); } }
`;

Deno.test("nothing is wrapped until the parser is there", async () => {
  const keeping = new Keeping();
  assertEquals([keeping.isOn, keeping.wrap(SOURCE, "file:///a.ts")], [
    false,
    SOURCE,
  ]);
  await keeping.start();
  assertEquals(keeping.isOn, true);
  const wrapped = keeping.wrap(SOURCE, "file:///a.ts");
  for (const name of ["rooms", "main.hits", "main.games", "Db.one"]) {
    assertStringIncludes(wrapped, JSON.stringify(name));
  }
  // A variable that no function inside uses ends with its call.
  assert(!wrapped.includes(`"main.plain"`), wrapped);
});

Deno.test("what cannot be parsed is left as it is", async () => {
  const keeping = new Keeping();
  await keeping.start();
  assertEquals(keeping.wrap("const = 1;", "file:///a.ts"), "const = 1;");
});

Deno.test("the text of a function is what somebody wrote, wherever it stands", async () => {
  const keeping = new Keeping();
  await keeping.start();
  const wrapped = keeping.wrap(SOURCE, "file:///a.ts");
  const text = (from: string, to: string) => {
    const at = wrapped.indexOf(from);
    return wrapped.slice(at, wrapped.indexOf(to, at) + to.length);
  };
  const main = text("function main()", "return games; }; }");
  assertStringIncludes(main, "$kept");
  assertEquals(
    keeping.plain(main),
    SOURCE.slice(
      SOURCE.indexOf("function main()"),
      SOURCE.indexOf("\nexport class"),
    ),
  );
  const db = text("class Db", "new Db()");
  assertStringIncludes(db, "$kept");
  assertEquals(
    keeping.plain(db),
    "class Db { static one; static get() { return this.one ??= new Db()",
  );
  // The function is an initializer, and what is put around it is not its own.
  const outer = text("() => { const inner", "() => inner; }");
  assertEquals(
    keeping.plain(outer),
    "() => { const inner = [1]; return () => inner; }",
  );
  assertEquals(keeping.plain("() => 1"), "() => 1");
  keeping.forget(() => false);
  assertEquals(keeping.plain(main), main);
});
