import { asset } from "@flyhot/runtime";
import { title } from "./text.ts";

export async function page(): Promise<Response> {
  // Asked each time, so that the page is that of the current release.
  const html = await Deno.readTextFile(asset("static/index.html"));
  return new Response(html.replaceAll(/{{\s*title\s*}}/g, title()), {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}
