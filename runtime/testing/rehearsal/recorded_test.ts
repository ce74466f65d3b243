import { assertEquals } from "@std/assert";
import { recordedHeaders, secretsComment } from "./recorded.ts";

const HEADERS = [
  ["Host", "localhost:8000"],
  ["User-Agent", "curl"],
  ["Accept", "*/*"],
  ["Accept-Encoding", "gzip"],
  ["Content-Type", "text/plain"],
  ["Content-Length", "3"],
  ["Sec-Fetch-Mode", "cors"],
  ["Sec-WebSocket-Key", "x"],
  ["Sec-WebSocket-Protocol", "chat"],
  ["X-Forwarded-For", "1.2.3.4"],
  ["Authorization", "Bearer s3cret"],
  ["Cookie", "sid=s3cret"],
  ["X-Api-Key", "s3cret"],
  ["X-CSRF-Token", "s3cret"],
  ["If-None-Match", '"a"'],
] as const;

Deno.test("recordedHeaders() keeps what an app decides by, and no credentials", () => {
  const { kept, secret } = recordedHeaders(HEADERS, false);
  assertEquals(kept, [
    ["content-type", "text/plain"],
    ["sec-websocket-protocol", "chat"],
    ["if-none-match", '"a"'],
  ]);
  assertEquals(secret, [
    "authorization",
    "cookie",
    "x-api-key",
    "x-csrf-token",
  ]);
  assertEquals(
    secretsComment(secret),
    "# not recorded: authorization, cookie, x-api-key, x-csrf-token\n",
  );
});

Deno.test("recordedHeaders() keeps credentials where it is asked to", () => {
  const { kept, secret } = recordedHeaders(HEADERS, true);
  assertEquals(secret, []);
  assertEquals(
    kept.filter(([, value]) => value.includes("s3cret")).length,
    4,
  );
  assertEquals(secretsComment(secret), "");
});

Deno.test("recordedHeaders() keeps an Accept that says something", () => {
  assertEquals(recordedHeaders([["accept", "text/html"]], false).kept, [
    ["accept", "text/html"],
  ]);
});
