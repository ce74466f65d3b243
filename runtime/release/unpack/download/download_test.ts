import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { UpgradeError } from "../../../base/upgrade_error.ts";
import { download } from "./download.ts";
import type { WantedRelease } from "../../wanted.ts";
import { sha256 } from "../../../../tests/support/archives/tar.ts";
import {
  type TempFolder,
  tempFolder,
} from "../../../../tests/support/temp_folder.ts";
import {
  CONTENT,
  NEVER,
  refused,
  serve,
  wantedOf,
} from "./download_fixture_test.ts";

/** A server that says this and hangs up. */
function serveBytes(text: string): { url: string } & AsyncDisposable {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(text));
      connection.close();
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}/release.tar.gz`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

function get(
  url: string,
  folder: TempFolder,
  wanted: Partial<WantedRelease> = {},
  signal = NEVER,
) {
  return download(wantedOf(wanted), url, folder.join("r.tar.gz"), null, signal);
}

Deno.test("download() brings a release from a server, whole and measured", async () => {
  await using folder = await tempFolder();
  await using server = serve(() => new Response(CONTENT));
  const { url } = server;
  assertEquals(await get(url, folder), {
    sha256: sha256(CONTENT),
    size: CONTENT.length,
    content: null,
  });
  assertEquals(await Deno.readFile(folder.join("r.tar.gz")), CONTENT);
  assertEquals(server.authorizations, [null]);
});

Deno.test("download() believes what arrives where nothing was promised", async () => {
  await using folder = await tempFolder();
  await using server = serve(() => new Response("anything"));
  assertEquals(await get(server.url, folder, { sha256: null, size: null }), {
    sha256: sha256("anything"),
    size: 8,
    content: null,
  });
});

Deno.test("download() gives what is short without a file, and measures it as well", async () => {
  await using folder = await tempFolder();
  await using server = serve(() => new Response(CONTENT));
  const got = (wanted: Partial<WantedRelease>, memoryMax: number) =>
    download(
      wantedOf(wanted),
      server.url,
      folder.join("r.tar.gz"),
      null,
      NEVER,
      memoryMax,
    );
  const { content, ...measured } = await got({}, CONTENT.length);
  assertEquals(content, CONTENT);
  assertEquals(measured, { sha256: sha256(CONTENT), size: CONTENT.length });
  assertEquals(await folder.list(), []);
  for (const wanted of [{ sha256: sha256("other") }, { size: 1 }]) {
    await assertRejects(() => got(wanted, CONTENT.length), UpgradeError);
  }
  assertEquals(await folder.list(), []);
  assertEquals((await got({}, CONTENT.length - 1)).content, null);
  assertEquals(await Deno.readFile(folder.join("r.tar.gz")), CONTENT);
});

Deno.test("download() reads a file: URL", async () => {
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("my release.tar.gz"), CONTENT);
  const url = `file://${folder.path}/my%20release.tar.gz`;
  assertEquals((await get(url, folder)).size, CONTENT.length);
  const gone = await refused(() =>
    get(`file://${folder.path}/gone.tar.gz`, folder)
  );
  assertEquals(gone.phase, "fetch");
});

Deno.test("download() follows a redirect", async () => {
  await using folder = await tempFolder();
  await using server = serve((request) =>
    new URL(request.url).pathname === "/moved"
      ? new Response(CONTENT)
      : Response.redirect(new URL("/moved", request.url))
  );
  assertEquals((await get(server.url, folder)).size, CONTENT.length);
});

Deno.test("download() refuses every status but success, and tries again only what may pass", async () => {
  const cases: [number, boolean][] = [
    [204, false],
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [410, false],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
  ];
  for (const [status, transient] of cases) {
    await using folder = await tempFolder();
    await using server = serve(() =>
      new Response(status === 204 ? null : "<html>no</html>", { status })
    );
    const error = await refused(() => get(server.url, folder));
    assertEquals(
      error.message,
      `Cannot download ${server.url}: the server answered ${status}`,
    );
    assertEquals([error.phase, error.transient], ["fetch", transient]);
    assertEquals(await folder.list(), []);
  }
});

Deno.test("download() tries again after a body that was cut", async () => {
  for (
    const text of [
      "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ncut",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ]
  ) {
    await using folder = await tempFolder();
    await using server = serveBytes(text);
    const error = await refused(() => get(server.url, folder));
    assertStringIncludes(error.message, `Cannot download ${server.url} to `);
    assertEquals([error.phase, error.transient], ["fetch", true]);
    assert(error.cause instanceof Error);
  }
});

Deno.test("download() tries again after a body that ended early without anybody noticing", async () => {
  await using folder = await tempFolder();
  await using server = serveBytes("HTTP/1.0 200 OK\r\n\r\nshort");
  const error = await refused(() => get(server.url, folder));
  assertEquals(
    error.message,
    `Cannot take ${server.url}: 5 bytes arrived, 300000 were promised; publish the release again`,
  );
  assertEquals([error.phase, error.transient], ["verify", true]);
});

Deno.test("download() stops at the first byte too many, for good", async () => {
  await using folder = await tempFolder();
  let sent = 0;
  let cancelled = false;
  await using server = serve(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent += 65536;
          controller.enqueue(new Uint8Array(65536));
        },
        cancel() {
          cancelled = true;
        },
      }),
    )
  );
  const error = await refused(() => get(server.url, folder, { size: 1000 }));
  assertEquals(
    error.message,
    `Cannot take ${server.url}: it is longer than 1000 bytes`,
  );
  assertEquals([error.phase, error.transient], ["verify", false]);
  await server[Symbol.asyncDispose]();
  assertEquals(cancelled, true);
  assert(sent < 64 * 1024 * 1024, `${sent} bytes were sent`);
});

Deno.test("download() refuses content with another digest, for good, and says both", async () => {
  await using folder = await tempFolder();
  await using server = serve(() => new Response(CONTENT));
  const promised = "0".repeat(64);
  const error = await refused(() =>
    get(server.url, folder, { sha256: promised })
  );
  assertEquals(
    error.message,
    `Cannot take ${server.url}: its SHA-256 is ${
      sha256(CONTENT)
    }, promised was ${promised}; publish the release again`,
  );
  assertEquals([error.phase, error.transient], ["verify", false]);
});

Deno.test("download() tries again where there is no server", async () => {
  await using folder = await tempFolder();
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const url = `http://127.0.0.1:${listener.addr.port}/r.tar.gz`;
  listener.close();
  const error = await refused(() => get(url, folder));
  assertStringIncludes(error.message, `Cannot download ${url}: `);
  assertEquals([error.phase, error.transient], ["fetch", true]);
});

Deno.test("download() refuses a URL that is none", async () => {
  await using folder = await tempFolder();
  for (const url of ["release.tar.gz", "", "gopher://x/r.tar.gz"]) {
    const error = await refused(() => get(url, folder));
    assertStringIncludes(error.message, `Cannot download ${url}: `);
    assertEquals(error.phase, "fetch");
  }
});

Deno.test("download() ends when its signal says so: before, while it waits, in the middle", async () => {
  const reason = new DOMException("too slow", "TimeoutError");
  for (const moment of ["before", "waiting", "middle"]) {
    await using folder = await tempFolder();
    const controller = new AbortController();
    const asked = Promise.withResolvers<void>();
    const end = Promise.withResolvers<Response>();
    await using server = serve(() => {
      asked.resolve();
      return moment === "waiting" ? end.promise : new Response(
        new ReadableStream({
          start: (body) => body.enqueue(new Uint8Array(1000)),
        }),
      );
    });
    if (moment === "before") controller.abort(reason);
    const getting = assertRejects(
      () => get(server.url, folder, {}, controller.signal),
      DOMException,
      "too slow",
    );
    if (moment !== "before") {
      await asked.promise;
      controller.abort(reason);
    }
    assertStrictEquals(await getting, reason);
    end.resolve(new Response());
  }
});

Deno.test("download() overwrites no file, and hangs up", async () => {
  await using folder = await tempFolder();
  await Deno.writeTextFile(folder.join("r.tar.gz"), "mine");
  await using server = serve(() => new Response(CONTENT));
  const error = await refused(() => get(server.url, folder));
  assertStringIncludes(
    error.message,
    `Cannot download ${server.url} to ${folder.join("r.tar.gz")}: `,
  );
  assertEquals(await Deno.readTextFile(folder.join("r.tar.gz")), "mine");
});

Deno.test("no message of a download shows what may be a secret in its URL", async () => {
  await using folder = await tempFolder();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("no", { status: 403 }),
  );
  const { port } = server.addr as Deno.NetAddr;
  for (
    const [url, file] of [
      [
        `http://hidden:hidden@127.0.0.1:${port}/x.tar.gz?X-Amz-Signature=hidden`,
        "a",
      ],
      [`http://127.0.0.1:1/x.tar.gz?X-Amz-Signature=hidden#hidden`, "a"],
      ["ftp://hidden:hidden@h/x?hidden", "a"],
      [`data:text/plain,x?hidden`, "no/folder"],
    ] as const
  ) {
    const error = await assertRejects(
      () =>
        download(
          {
            id: "1",
            version: "1",
            sourceImageRef: "x",
            deployedAt: "",
            tarballUrl: url,
            sha256: null,
            size: null,
          },
          url,
          folder.join(file),
          null,
          new AbortController().signal,
        ),
    );
    assert(error instanceof Error);
    assert(!error.message.includes("hidden"), error.message);
  }
});
