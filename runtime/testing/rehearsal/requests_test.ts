import { assertEquals, assertThrows } from "@std/assert";
import {
  formatRequests,
  holdsRequests,
  type HttpRequestBlock,
  parseRequests,
  type RehearsalRequest,
  RequestsError,
} from "./requests.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const http = (
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[] = [],
  body: string | Uint8Array<ArrayBuffer> = "",
): HttpRequestBlock => ({
  kind: "http",
  method,
  path,
  headers,
  body: typeof body === "string" ? bytes(body) : body,
});

Deno.test("parseRequests() reads blocks of method, path, headers and body", () => {
  assertEquals(
    parseRequests(`\uFEFF# what people do first
GET /

POST /rooms?x=1 HTTP/1.1
Content-Type: application/json
X-Empty:

{
  "name": "den"

}

###
DELETE /rooms/den
# the end
`),
    [
      http("GET", "/"),
      http(
        "POST",
        "/rooms?x=1",
        [["Content-Type", "application/json"], ["X-Empty", ""]],
        `{\n  "name": "den"\n\n}`,
      ),
      http("DELETE", "/rooms/den"),
    ],
  );
});

Deno.test("parseRequests() reads Windows line ends, nothing, and only comments", () => {
  assertEquals(
    parseRequests("POST /a\r\nX: 1\r\n\r\nb\r\nc\r\n\r\nGET /d\r\n"),
    [http("POST", "/a", [["X", "1"]], "b\nc"), http("GET", "/d")],
  );
  assertEquals(parseRequests(""), []);
  assertEquals(parseRequests("# GET /\n\n"), []);
});

Deno.test("parseRequests() takes a request line for one only after an empty line or a comment", () => {
  assertEquals(
    parseRequests("POST /a\n\nline\nGET /in/the/body\n\n\\GET /too\n"),
    [http("POST", "/a", [], "line\nGET /in/the/body\n\nGET /too")],
  );
  assertEquals(
    parseRequests("GET /a\n#\nGET /b"),
    [http("GET", "/a"), http("GET", "/b")],
  );
});

Deno.test("parseRequests() reads what WebSockets say", () => {
  assertEquals(
    parseRequests(`
WS /live?room=den
Sec-WebSocket-Protocol: chat

> hello

# what it answers
< welcome
< two
<| lines
>= AAEC
>
>  a blank in front
`),
    [{
      kind: "socket",
      path: "/live?room=den",
      headers: [["Sec-WebSocket-Protocol", "chat"]],
      lines: [
        { from: "client", data: "hello" },
        { from: "server", data: "welcome" },
        { from: "server", data: "two\nlines" },
        { from: "client", data: new Uint8Array([0, 1, 2]) },
        { from: "client", data: "" },
        { from: "client", data: " a blank in front" },
      ],
    }],
  );
});

Deno.test("parseRequests() names file and line of what it cannot read", () => {
  const cases: Record<string, string> = {
    "hello": `a.txt:1: expected "METHOD /path" or "WS /path", found "hello"`,
    "GET rooms":
      `a.txt:1: expected "METHOD /path" or "WS /path", found "GET rooms"`,
    "get /": `a.txt:1: expected "METHOD /path"`,
    "GET /\nno header":
      `a.txt:2: expected "Name: value", or an empty line before the body, found "no header"`,
    "GET /\nX Y: 1": `a.txt:2: expected "Name: value"`,
    "WS /\n> a\nhello":
      `a.txt:3: expected "> sent" or "< received", found "hello"`,
    "WS /\n>| a": `>| goes on with a line of text that is not there`,
    "WS /\n< a\n>| b": `>| goes on with a line of text that is not there`,
    "WS /\n>= ***": "expected base64",
    "POST /\nFlyhot-Body: base64\n\n***": "expected base64",
  };
  for (const [text, says] of Object.entries(cases)) {
    assertThrows(() => parseRequests(text, "a.txt"), RequestsError, says);
  }
});

Deno.test("formatRequests() writes what parseRequests() reads", () => {
  const bodies = [
    "",
    "{}",
    "a\n",
    "\na",
    "\n",
    "\n\n",
    " \n ",
    "a\n\n\n",
    "# a title\n\ntext",
    "\\ begins so\n\\\\ too",
    "x\n\nGET /not/a/request\n\nWS /neither",
    "### rest",
    "GET /first line",
    "GET /first",
    "tab\tand blanks  \n  ",
    "snowman \u2603",
    "windows\r\nlines",
    "\uFEFFmark",
    "zero\0",
    new Uint8Array([255, 254, 0]),
  ];
  const headers = [["Content-Type", "text/plain"], ["X-Y", ""]] as const;
  const requests: RehearsalRequest[] = [
    ...bodies.flatMap((body) => [
      http("POST", "/a?b=c", [], body),
      http("PUT", "/", headers, body),
    ]),
    { kind: "socket", path: "/", headers: [], lines: [] },
    {
      kind: "socket",
      path: "/live",
      headers,
      lines: ["", " ", "a", "a\nb", "\n", "# no comment", "> sign", "| bar"]
        .flatMap((data) => [
          { from: "client" as const, data },
          { from: "server" as const, data },
        ]).concat(
          { from: "client", data: "new\n" },
        ),
    },
    {
      kind: "socket",
      path: "/bytes",
      headers: [],
      lines: [
        { from: "client", data: new Uint8Array() },
        { from: "server", data: new Uint8Array([0, 255]) },
      ],
    },
  ];
  for (const request of requests) {
    assertEquals(parseRequests(formatRequests([request])), [request]);
  }
  assertEquals(parseRequests(formatRequests(requests)), requests);
});

Deno.test("holdsRequests() tells requests from names of files", () => {
  assertEquals(holdsRequests("GET /"), true);
  assertEquals(holdsRequests("# first\n\nWS /live\n> a"), true);
  assertEquals(holdsRequests("requests.txt"), false);
  assertEquals(holdsRequests("GET "), false);
});
