import { asset, hotReloadCss } from "@flyhot/runtime";
import { Hono } from "hono";
import { html, raw } from "hono/html";
import { todos } from "../todos.ts";

export const pages = new Hono()
  .get("/", (c) =>
    c.html(html`
      <!DOCTYPE html>
      <html lang="en">
        <head>
          <title>Todos</title>
          <link rel="stylesheet" href="/static/todos.css">
          ${raw(hotReloadCss())}
        </head>
        <body>
          <h1>Todos</h1>
          <ul>${todos.state.list.map(({ title }) =>
            html`<li>${title}</li>`
          )}</ul>
        </body>
      </html>
    `))
  .get("/static/:file{[a-z]+\\.css}", async (c) => {
    // Asked for each time, because it moves with every release.
    const path = asset(`static/${c.req.param("file")}`);
    const text = await Deno.readTextFile(path).catch(() => null);
    return text === null
      ? c.notFound()
      : c.body(text, 200, { "content-type": "text/css; charset=utf-8" });
  });
