import { asset } from "@flyhot/runtime";

export async function page(): Promise<Response> {
  return new Response(await Deno.readTextFile(asset("static/index.html")), {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}
