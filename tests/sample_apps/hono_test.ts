import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startApp } from "../../runtime/testing/mod.ts";
import { type EditedApp, editedApp } from "../support/edited_app.ts";
import { EventReader } from "../support/net/event_reader.ts";

/** Version 2: a new route module. */
async function toVersion2(app: EditedApp): Promise<void> {
  await app.write(
    "routes/stats.ts",
    `import { Hono } from "hono";
import { todos } from "../todos.ts";

export const stats = new Hono().get("/", (c) => {
  const { list } = todos.state;
  const done = list.filter((todo) => todo.done).length;
  return c.json({ open: list.length - done, done });
});
`,
  );
  await app.edit(
    "app.ts",
    "import { todoRoutes }",
    'import { stats } from "./routes/stats.ts";\nimport { todoRoutes }',
  );
  await app.edit(
    "app.ts",
    'app.route("/todos"',
    'app.route("/stats", stats);\napp.route("/todos"',
  );
}

/** Version 3: other middleware. */
async function toVersion3(app: EditedApp): Promise<void> {
  await app.edit(
    "served_by.ts",
    "  await next();",
    "  const begun = performance.now();\n  await next();",
  );
  await app.edit(
    "served_by.ts",
    'c.header("x-served-by", "todos");',
    'c.header("server-timing", `app;dur=${performance.now() - begun}`);',
  );
}

/** Version 4: todos remember when they were done. */
async function toVersion4(app: EditedApp): Promise<void> {
  await app.edit("todos.ts", "done: boolean;", "done: string | null;");
  await app.edit("todos.ts", "done: false }", "done: null }");
  await app.edit(
    "todos.ts",
    "todo.done = true",
    "todo.done = new Date().toISOString()",
  );
  await app.edit(
    "todos.ts",
    "  actions: {",
    `  version: 2,
  migrate: {
    2: {
      up: (old: { last: number; list: { done: boolean }[] }) => ({
        ...old,
        list: old.list.map((todo) => ({ ...todo, done: todo.done ? "long ago" : null })),
      }),
    },
  },
  actions: {`,
  );
}

Deno.test("tests/apps/hono: routes, middleware, todos and a stylesheet change while the app serves", async () => {
  await using source = await editedApp("hono");
  await using app = await startApp({ from: source.folder, app: "hono" });
  const { url, pid } = app;
  const json = async (path: string, body?: unknown) => {
    const answer = await fetch(
      url + path,
      body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
    );
    assert(answer.ok, `${path}: ${answer.status}`);
    return await answer.json();
  };
  const status = async (path: string) => {
    const answer = await fetch(url + path);
    await answer.body?.cancel();
    return answer.status;
  };
  const upgrade = async (edit: (source: EditedApp) => Promise<void>) => {
    await edit(source);
    const report = await app.upgrade(source.folder);
    assertEquals(report.state, "applied", report.failure?.message);
    return report;
  };

  await json("/todos", { title: "write" });
  await json("/todos", { title: "test" });
  await json("/todos/1/finish", {});
  assertEquals(await status("/todos/3/finish"), 404);
  assertEquals(await status("/stats"), 404);

  const second = await upgrade(toVersion2);
  // app.route() hands the routers of other modules on: they are made again with it.
  assertEquals(second.reloaded, [
    "app.ts",
    "routes/pages.ts",
    "routes/todos.ts",
    "served_by.ts",
  ]);
  assertEquals(await json("/stats"), { open: 1, done: 1 });

  const third = await upgrade(toVersion3);
  assertEquals(
    third.reloaded,
    [
      ...second.reloaded,
      "routes/stats.ts",
    ].sort(),
  );
  const { headers, body } = await fetch(url + "/todos");
  await body?.cancel();
  assertStringIncludes(headers.get("server-timing") ?? "", "app;dur=");
  assertEquals(headers.get("x-served-by"), null);

  const fourth = await upgrade(toVersion4);
  assertEquals(fourth.holders, [
    { name: "todos", from: 1, to: 2, action: "migrated" },
  ]);
  await json("/todos/2/finish", {});
  const [first, last] = await json("/todos");
  assertEquals(first, { id: 1, title: "write", done: "long ago" });
  assertStringIncludes(last.done, "T");
  assertEquals(await json("/stats"), { open: 0, done: 2 });

  const page = await (await fetch(url)).text();
  assertStringIncludes(page, "<li>write</li><li>test</li>");
  assertStringIncludes(page, 'href="/static/todos.css"');
  await using events = await EventReader.open(`${url}/_flyhot/events`);
  await events.next("hello");
  const fifth = await upgrade((source) =>
    source.edit("static/todos.css", "4rem auto", "2rem auto")
  );
  assertEquals(fifth.reloaded, []);
  const { data } = await events.next("upgrade");
  assertEquals(JSON.parse(data).changed, ["static/todos.css"]);
  const css = await (await fetch(`${url}/static/todos.css`)).text();
  assertStringIncludes(css, "2rem auto");
  assertEquals(await status("/static/none.css"), 404);
  assertEquals(await status("/static/..%2Ftodos.css"), 404);

  assertEquals([app.pid, (await app.info()).upgrades], [pid, 4]);
});
