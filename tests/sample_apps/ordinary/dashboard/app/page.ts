const TEMPLATE = new URL("./page.html", import.meta.url);

/** The page at /. */
export async function page(values: Record<string, unknown>): Promise<Response> {
  const text = await Deno.readTextFile(TEMPLATE);
  return new Response(
    text.replaceAll(/\{(\w+)\}/g, (_all, name) => String(values[name])),
    { headers: { "content-type": "text/html; charset=utf-8" } },
  );
}
