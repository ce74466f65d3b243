import { title } from "./text.ts";

const file = new URL("./static/index.html", import.meta.url);

export async function page(): Promise<Response> {
  const html = await Deno.readTextFile(file);
  return new Response(html.replaceAll("{{title}}", title()), {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}
