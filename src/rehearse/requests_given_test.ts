import { assertEquals, assertRejects } from "@std/assert";
import { fakeHost } from "../../tests/cli/fake_host.ts";
import { FlyhotError } from "../errors.ts";
import { givenRequests } from "./requests_given.ts";

const given = (
  files: Record<string, string>,
  requests: string[] = [],
  mask: string[] = [],
) => givenRequests({ requests, mask }, fakeHost({ files }));
const paths = async (...args: Parameters<typeof given>) =>
  (await given(...args)).requests.map(({ path }) => path);
const denoJson = (flyhot: unknown) => ({
  "deno.json": JSON.stringify({ flyhot }),
});

Deno.test("givenRequests() takes those of the flags, of deno.json, or GET /", async () => {
  const files = {
    ...denoJson({ requests: ["a.txt", "GET /inline\n\nGET /too"] }),
    "a.txt": "GET /a\n",
    "b.txt": "GET /b\n",
  };
  assertEquals(await paths(files, ["b.txt", "a.txt"]), ["/b", "/a"]);
  assertEquals(await paths(files), ["/a", "/inline", "/too"]);
  assertEquals(await paths(denoJson({ requests: "GET /one" })), ["/one"]);
  assertEquals(await paths({}), ["/"]);
});

Deno.test("givenRequests() joins the masks of deno.json and of the flags", async () => {
  assertEquals(
    (await given(denoJson({ masks: ["a"] }), [], ["b"])).masks,
    ["a", "b"],
  );
});

Deno.test("givenRequests() says what it cannot read", async () => {
  const cases: [Parameters<typeof given>, string][] = [
    [[{}, ["no.txt"]], "Cannot read the requests in no.txt: there is no such"],
    [[{ "a.txt": "hello" }, ["a.txt"]], "Cannot read a.txt:1: expected"],
    [[{ "a.txt": "# none" }, ["a.txt"]], "there is no request in a.txt"],
    [[denoJson({ requests: ["no.txt"] })], "there is no such file"],
    [
      [denoJson({ requests: ["WS /\n> a\nb"] })],
      "Cannot read deno.json: flyhot.requests[0]:3: expected",
    ],
    [[denoJson({ requests: [1] })], "flyhot.requests[0]: expected text"],
    [[denoJson({ masks: ["("] })], "flyhot.masks[0]: expected a regular"],
    [[denoJson({ masks: ["a*"] })], "flyhot.masks[0]: expected a regular"],
    [[{}, [], ["("]], "Cannot read --mask (: "],
    [[{}, [], ["a*"]], "Cannot read --mask a*: it matches where nothing is"],
  ];
  for (const [args, says] of cases) {
    await assertRejects(() => given(...args), FlyhotError, says);
  }
});
