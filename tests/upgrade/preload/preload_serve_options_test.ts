import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { certificate } from "../../support/net/certificate.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";
import { freePort } from "../../support/net/free_port.ts";

const tls = await certificate();

const main = (version: string) => `
const heard: Record<string, unknown> = {};
const ended: string[] = [];
const at = (name: string) => ({ onListen: (address: Deno.Addr) => { heard[name] = address; } });
const answer = (name: string) => () => new Response(name + " ${version}");
const host = { hostname: "127.0.0.1" };
const abort = new AbortController();
const servers = {
  first: Deno.serve({ port: 0, ...host, ...at("first") }, answer("first")),
  second: Deno.serve({ ...at("second"), port: 0, hostname: "127.0.0.1", handler: answer("second") } as never),
  unix: Deno.serve({ path: "./app.sock", ...at("unix") } as never, answer("unix")),
  failing: Deno.serve({ port: 0, ...host, ...at("failing"), onError: () => new Response("failing ${version}", { status: 500 }) }, () => { throw new Error("no"); }),
  aborted: Deno.serve({ port: 0, ...host, ...at("aborted"), signal: abort.signal }, answer("aborted")),
  ${
  tls
    ? `secure: Deno.serve({ port: 0, ...host, ...at("secure"), cert: ${
      JSON.stringify(tls.cert)
    }, key: ${JSON.stringify(tls.key)} }, answer("secure")),`
    : ""
}
};
for (const [name, server] of Object.entries(servers)) server.finished.then(() => ended.push(name));
const ask = async (name: string) => {
  const server = (servers as any)[name] as Deno.HttpServer<Deno.NetAddr>;
  const { transport, port } = server.addr;
  const client = (transport as string) === "unix"
    ? Deno.createHttpClient({ proxy: { transport: "unix", path: "./app.sock" } } as never)
    : Deno.createHttpClient({});
  try {
    const url = (name === "secure" ? "https" : "http") + "://" + (name === "secure" ? "localhost" : "127.0.0.1") + ":" + (port ?? 80) + "/";
    return await (await fetch(url, { client, headers: { connection: "close" } })).text();
  } catch (error) { return String((error as Error).message).replace(/.*Connection refused.*/s, "refused"); } finally { client.close(); }
};
Deno.serve({ port: Number(Deno.env.get("PORT")), ...host, onListen() {} }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/shutdown") await servers.first.shutdown();
  if (pathname === "/abort") { abort.abort(); await servers.aborted.finished; }
  const answers = Object.fromEntries(await Promise.all(Object.keys(servers).map(async (name) => [name, await ask(name)])));
  const addresses = Object.fromEntries(Object.entries(servers).map(([name, { addr }]) => [name, addr]));
  return Response.json({ answers, heard, addresses, ended });
});`;

const NAMES = [
  "first",
  "second",
  "unix",
  "failing",
  "aborted",
  ...tls ? ["secure"] : [],
];

interface Told {
  readonly answers: Readonly<Record<string, string>>;
  readonly heard: unknown;
  readonly addresses: Readonly<Record<string, Deno.NetAddr>>;
  readonly ended: readonly string[];
}

Deno.test(
  `servers of every kind keep their addresses and their options${
    tls ? "" : " (without TLS: openssl is not to be had)"
  }`,
  async () => {
    await using app = await OrdinaryApp.start({
      "main.ts": main("v1"),
      "deno.json":
        `{ "flyhot": { "startsAnew": ["main.ts#heard", "main.ts#ended"] } }`,
    }, {
      flags: ["--unsafely-ignore-certificate-errors=localhost"],
    });
    const told = async (path = "/"): Promise<Told> =>
      JSON.parse((await app.ask(path)).slice(4));
    const first = await told();
    const addresses = JSON.stringify(first.addresses);
    for (const version of ["v1", "v2", "v3", "v4", "v5", "v6"]) {
      if (version !== "v1") {
        const { state, failure } = await app.upgrade({
          "main.ts": main(version),
        });
        assertEquals(state, "applied", failure?.message);
      }
      const now = await told();
      assertEquals(
        now.answers,
        Object.fromEntries(NAMES.map((name) => [name, `${name} ${version}`])),
      );
      assertEquals(JSON.stringify(now.addresses), addresses);
      assertEquals(JSON.stringify(now.heard), addresses);
      assertEquals(now.ended, []);
    }
    const shut = await told("/shutdown");
    assertEquals(shut.ended, ["first"]);
    assert(shut.answers.first !== "first v6", shut.answers.first);
    const aborted = await told("/abort");
    assertEquals(aborted.ended, ["first", "aborted"]);
    assertEquals(aborted.answers.second, "second v6");
    // What the old code has ended, the new code opens.
    const { state, failure } = await app.upgrade({ "main.ts": main("v7") });
    assertEquals(state, "applied", failure?.message);
    assertEquals(
      (await told()).answers,
      Object.fromEntries(NAMES.map((name) => [name, `${name} v7`])),
    );
  },
);

const other = tls && await certificate();
const withCertificate = (it: typeof tls) =>
  it ? `cert: ${JSON.stringify(it.cert)}, key: ${JSON.stringify(it.key)}` : "";

/** A listener of each kind that cannot be opened another way while it listens; the last one catches what is refused. */
const OPTIONS = {
  serve: (options: string) =>
    `Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {}, ${options} }, () => new Response("x"));`,
  secure: (options: string) =>
    `Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {}, ${
      options || withCertificate(tls)
    } }, () => new Response("x"));`,
  host: (options: string) =>
    `Deno.serve({ port: Number(Deno.env.get("OTHER")), onListen() {}, ${options} }, () => new Response("x"));`,
  listen: (options: string) =>
    `Deno.listen({ port: 0, hostname: "127.0.0.1", ${options} });`,
  node: (options: string) =>
    `try { http.createServer().listen({ port: 0, host: "127.0.0.1", ${options} }); } catch { /* It does without. */ }`,
};

Deno.test(`listeners that would go on with other options are refused, by name of the option, and serve on`, async () => {
  const port = String(freePort());
  const main = (
    version: string,
    options: Partial<Record<keyof typeof OPTIONS, string>>,
  ) => `
import http from "node:http";
void http;
${
    Object.entries(OPTIONS).map(([name, open]) =>
      open(options[name as keyof typeof OPTIONS] ?? "")
    ).join("\n")
  }
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, () => new Response("${version}"));`;
  await using app = await OrdinaryApp.start({ "main.ts": main("v1", {}) }, {
    env: { OTHER: port },
  });
  let isAsking = true;
  const answers = new Set<string>();
  const ask = async () => answers.add(await app.ask().catch(String));
  const asking = (async () => {
    while (isAsking) await ask();
  })();
  const changes: readonly (readonly [string, string])[] = [
    [main("v2", { serve: "reusePort: true" }), "its reusePort has changed"],
    [
      main("v2", { serve: "automaticCompression: true" }),
      "its automaticCompression has changed",
    ],
    [
      main("v2", { host: `hostname: "127.0.0.1"` }),
      `Cannot take over *:${port}: its hostname has changed`,
    ],
    [main("v2", { host: `hostname: "::"` }), "its hostname has changed"],
    [main("v2", { listen: "tcpBacklog: 7" }), "its tcpBacklog has changed"],
    [main("v2", { node: "backlog: 7" }), "its backlog has changed"],
    ...other
      ? [[
        main("v2", { secure: withCertificate(other) }),
        "its certificate or key has changed",
      ]] as const
      : [],
  ];
  for (const [changed, why] of changes) {
    const { state, failure } = await app.upgrade({ "main.ts": changed });
    assertEquals(state, "failed", why);
    assertStringIncludes(failure!.message, why);
  }
  assertEquals([...answers], ["200 v1"]);
  const same = await app.upgrade({
    "main.ts": main("v3", {
      serve: "reusePort: false, tcpBacklog: 511",
      host: `hostname: "0.0.0.0"`,
      node: "backlog: 511",
    }),
  });
  assertEquals(same.state, "applied", same.failure?.message);
  isAsking = false;
  await asking;
  answers.clear();
  await ask();
  assertEquals([...answers], ["200 v3"]);
});
