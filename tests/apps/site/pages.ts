import { hotReloadCss } from "@flyhot/runtime";
import { theme } from "./names.ts";
import { words } from "./words.ts";

const NONCE = "bm9uY2U+/w==";
const POLICY =
  `default-src 'none'; style-src 'nonce-${NONCE}'; script-src 'nonce-${NONCE}'; connect-src 'self'`;

export function answer(request: Request): Response {
  const { pathname } = new URL(request.url);
  const headers = { "content-type": "text/html; charset=utf-8" };
  if (pathname === "/") return new Response(html(), { headers });
  if (pathname === "/strict") {
    return new Response(html(NONCE), {
      headers: { ...headers, "content-security-policy": POLICY },
    });
  }
  return new Response("there is no such page\n", { status: 404 });
}

function html(nonce?: string): string {
  const attribute = nonce === undefined ? "" : ` nonce="${nonce}"`;
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Site</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/static/app.css"${attribute}>
    <link rel="stylesheet" href="/static/${theme}"${attribute}>
    ${hotReloadCss(nonce === undefined ? {} : { nonce })}
  </head>
  <body>
    <h1>${words}</h1>
    <p><label>Name <input></label></p>
  </body>
</html>
`;
}
