/** `flyhot rehearse` on a small app with state and sockets: same, different, cold, and every commit of a range. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../src/main.ts";
import { realHost } from "../cli/real_host.ts";
import { newRepository, type Repository } from "../support/repository.ts";
import { freePort } from "../support/net/free_port.ts";

// As most apps have it: a port of their own, whatever PORT says.
const MAIN = (port: number) => `
import { greet } from "./greet.ts";
import { visits } from "./visits.ts";

let last = "nobody";
Deno.serve({ port: ${port} }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/live") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.send("welcome");
    socket.onmessage = ({ data }) => socket.send(greet(data));
    return response;
  }
  if (pathname === "/login") {
    const headers = { "set-cookie": \`sid=\${crypto.randomUUID()}; Path=/\` };
    return new Response("in", { headers });
  }
  if (request.method === "POST") last = await request.text();
  const seen = /sid=/.test(request.headers.get("cookie") ?? "");
  return Response.json({ says: greet(last), visits: visits(), seen, at: Date.now(), token: "t" + crypto.randomUUID().slice(0, 8) });
});
`;
const GREET = "export const greet = (who: string) => `hello ${who}`;\n";
const VISITS = "let count = 0;\nexport const visits = () => ++count;\n";
const REQUESTS = `
# a login that holds for what comes after it
POST /login

POST /
Content-Type: text/plain

den

GET /

WS /live
< welcome
> you
< hello you
`;

const denoJson = (state: Record<string, unknown>) =>
  JSON.stringify({
    version: "1.0.0",
    flyhot: {
      sockets: "reconnect",
      keep: ["main.ts#last"],
      requests: ["requests.txt"],
      masks: ["t[0-9a-f]{8}"],
      ...state,
    },
  });

async function flyhot(
  repository: Pick<Repository, "path">,
  ...args: string[]
) {
  using host = realHost(repository.path, { NO_COLOR: "1" });
  const code = await main(args, host);
  return { code, out: host.out(), err: host.err() };
}

Deno.test("flyhot rehearse tells same from different and from cold, for one upgrade and for every commit of a range", async (t) => {
  await using repository = await newRepository({
    "main.ts": MAIN(freePort()),
    "greet.ts": GREET,
    "visits.ts": VISITS,
    "deno.json": denoJson({}),
    "requests.txt": REQUESTS,
  });
  await repository.git("tag", "v1");
  // Everything that state depends on stays, or is kept by its name.
  await repository.commit({ "greet.ts": GREET.replace("hello", "good day") });
  // The count has no name.
  await repository.commit({ "visits.ts": `// counts\n${VISITS}` });

  await t.step(
    "every commit: one is hot and the same, one is cold",
    async () => {
      const { code, out } = await flyhot(
        repository,
        "rehearse",
        "--each",
        "v1..HEAD",
        "--json",
      );
      const { commits } = JSON.parse(out);
      assertEquals(
        commits.map((
          { outcome, differences }: { outcome: string; differences: number },
        ) => [outcome, differences]),
        [["same", 0], ["cold", 0]],
        out,
      );
      assert(commits[0].ms > 0 && commits[0].retained_bytes > 0, out);
      assertStringIncludes(
        commits[1].reason,
        'visits.ts:1 count: holds state (assignment at line 2), which would be lost; add to "flyhot" in deno.json: "keep": ["visits.ts#count"]',
      );
      assertEquals(code, 8);
    },
  );

  await t.step(
    "a consent to lose the count lets it go hot, and the answers differ",
    async () => {
      await Deno.writeTextFile(
        repository.join("deno.json"),
        denoJson({ startsAnew: ["visits.ts#count"] }),
      );
      // From the last tag to the working tree.
      const { code, out, err } = await flyhot(repository, "rehearse");
      assertStringIncludes(out, "v1 → the working tree: ");
      assertEquals(code, 7, out + err);
      const [, ...differing] = out.split(/^(?=\w+ \/\S* )/m);
      assertEquals(
        differing.map((it) => it.split("\n")[0]),
        ["POST / (request 2): body", "GET / (request 3): body"],
      );
      for (const it of differing) {
        // Nothing else: names, times, tokens and cookies are the same, or masked.
        const lines = it.split("\n").filter((line) => /^ {2}[-+]/.test(line));
        assertEquals(
          lines.map((line) => line.replace(/\d+/, "N")),
          ['  -   "visits": N,', '  +   "visits": N,'],
        );
        const [fresh, upgraded] = lines.map((line) =>
          Number(line.replaceAll(/\D/g, ""))
        );
        assert(fresh! > upgraded!, it);
      }
      const asked = /(\d+) requests? meanwhile/.exec(out);
      assert(Number(asked?.[1]) > 3, out);
    },
  );
});

Deno.test("flyhot rehearse follows an app above its folder, and takes a consent", async () => {
  const port = freePort();
  await using repository = await newRepository({
    "shared/words.ts": 'export const words = "hello";\n',
    "app/main.ts": `
import { words } from "../shared/words.ts";
import { docs } from "./docs.ts";
Deno.serve({ port: ${port} }, async () => new Response(words + await docs()));
`,
    "app/docs.ts": `
import { holder } from "@flyhot/runtime";
const it = holder("docs", { version: 1, state: () => ({ read: 0 }), actions: { read: (state) => ++state.read } });
export async function docs() {
  await it.read();
  return "!";
}
`,
    "app/deno.json": JSON.stringify({
      imports: { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" },
      flyhot: { root: ".." },
    }),
  });
  await repository.git("tag", "v1");
  const app = { path: repository.join("app") };
  const write = (path: string, text: string) =>
    Deno.writeTextFile(repository.join(path), text);
  await write("shared/words.ts", 'export const words = "good day";\n');
  await write("app/docs.ts", 'export const docs = () => "!";\n');

  const refused = await flyhot(app, "rehearse", "v1");
  assertEquals(refused.code, 8, refused.out + refused.err);
  assertStringIncludes(refused.out, "holder:docs");
  const consented = await flyhot(app, "rehearse", "v1", "--drop", "docs");
  assertEquals(consented.code, 0, consented.out + consented.err);
});
