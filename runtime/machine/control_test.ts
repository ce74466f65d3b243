import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  type ControlHandlers,
  type ControlSocket,
  openControlSocket,
} from "./control.ts";
import type { Logger } from "../base/log.ts";
import type { MachineInfo } from "../protocol/machine/machine_info.ts";
import type { RunningManifest } from "../protocol/manifest/manifest.ts";
import {
  type TempFolder,
  tempFolder,
} from "../../tests/support/temp_folder.ts";

const INFO: MachineInfo = {
  hotUpgradeApplied: false,
  currentImageRef: "registry.fly.io/my-app:deployment-01A",
  fingerprint: "0123456789ab",
  upgrades: 0,
  retainedModules: 0,
  retainedBytes: 0,
  pid: 1,
  startedAt: "2024-01-15T10:30:00Z",
  lastUpgradeId: null,
};
const MANIFEST = { protocol: 1, main: "main.ts" } as unknown as RunningManifest;

class Log implements Logger {
  readonly lines: string[] = [];
  info = (message: string) => void this.lines.push(`info ${message}`);
  warn = (message: string) => void this.lines.push(`warn ${message}`);
  error = (message: string) => void this.lines.push(`error ${message}`);
}

interface Opened extends AsyncDisposable {
  readonly socket: ControlSocket;
  readonly path: string;
  readonly folder: TempFolder;
  readonly log: Log;
  readonly checks: () => number;
  /** Asks over a connection of its own. */
  ask(request: string): Promise<{ status: number; json: unknown }>;
}

async function open(overrides: Partial<ControlHandlers> = {}): Promise<Opened> {
  const folder = await tempFolder();
  const path = folder.join("flyhot.sock");
  const log = new Log();
  let checks = 0;
  const socket = await openControlSocket(path, {
    info: () => Promise.resolve(INFO),
    manifest: () => Promise.resolve(MANIFEST),
    check: () => void checks++,
    ...overrides,
  }, log);
  return {
    socket,
    path,
    folder,
    log,
    checks: () => checks,
    ask: (request) => ask(path, request),
    async [Symbol.asyncDispose]() {
      await socket[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function ask(
  path: string,
  request: string,
): Promise<{ status: number; json: unknown }> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const [method = "", route = ""] = request.split(" ");
  const response = await fetch(`http://flyhot${route}`, { method, client });
  const { status } = response;
  return { status, json: await response.json() };
}

const HANDLERS: ControlHandlers = {
  info: () => Promise.resolve(INFO),
  manifest: () => Promise.resolve(MANIFEST),
  check() {},
};

Deno.test("openControlSocket() answers what runs, and takes a nudge", async () => {
  await using opened = await open();
  assertEquals(opened.socket.path, opened.path);
  assertEquals(await opened.ask("GET /v1/info"), { status: 200, json: INFO });
  assertEquals(await opened.ask("GET /v1/manifest"), {
    status: 200,
    json: MANIFEST,
  });
  assertEquals(opened.checks(), 0);
  assertEquals(await opened.ask("POST /v1/check"), {
    status: 202,
    json: { ok: true },
  });
  assertEquals(opened.checks(), 1);
  assertEquals(opened.log.lines, []);
});

Deno.test("openControlSocket() answers 404 to everything else", async () => {
  await using opened = await open();
  for (
    const request of [
      "GET /",
      "GET /v1",
      "GET /v1/info/",
      "GET /v2/info",
      "GET /v1/check",
      "POST /v1/info",
      "DELETE /v1/manifest",
      "PUT /v1/check",
    ]
  ) {
    assertEquals(await opened.ask(request), {
      status: 404,
      json: { error: `there is no ${request}` },
    });
  }
  assertEquals(opened.checks(), 0);
});

Deno.test("openControlSocket() answers 500 with the reason when a handler fails, and goes on", async () => {
  await using opened = await open({
    info: () => Promise.reject(new RangeError("no info today")),
    manifest: () => {
      throw "at once";
    },
  });
  assertEquals(await opened.ask("GET /v1/info"), {
    status: 500,
    json: { error: "no info today" },
  });
  assertEquals(await opened.ask("GET /v1/manifest"), {
    status: 500,
    json: { error: "at once" },
  });
  assertEquals(opened.log.lines, [
    "warn a control request failed: no info today",
    "warn a control request failed: at once",
  ]);
  assertEquals((await opened.ask("POST /v1/check")).status, 202);
});

Deno.test("openControlSocket() lets this user alone in, and puts the mask back", async () => {
  const mask = Deno.umask(0o022);
  try {
    await using opened = await open();
    const { mode, isSocket } = await Deno.lstat(opened.path);
    assertEquals([(mode ?? 0) & 0o777, isSocket], [0o600, true]);
    assertEquals(Deno.umask(), 0o022);
    await assertRejects(() =>
      openControlSocket(opened.path, HANDLERS, new Log())
    );
    await assertRejects(() =>
      openControlSocket(opened.folder.join("gone", "x"), HANDLERS, new Log())
    );
    assertEquals(Deno.umask(), 0o022, "after a failure too");
  } finally {
    Deno.umask(mask);
  }
});

Deno.test("openControlSocket() replaces a socket that nobody answers on", async () => {
  await using folder = await tempFolder();
  const path = folder.join("flyhot.sock");
  // A process that is killed leaves its socket behind.
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} });
       Deno.kill(Deno.pid, "SIGKILL");`,
    ],
  }).output();
  assertEquals(code, 137);
  assertEquals((await Deno.lstat(path)).isSocket, true);
  await using _ = await openControlSocket(path, HANDLERS, new Log());
  assertEquals((await ask(path, "GET /v1/info")).status, 200);
});

Deno.test("openControlSocket() refuses a socket that another process answers on, and leaves it alone", async () => {
  await using opened = await open();
  await assertRejects(
    () => openControlSocket(opened.path, HANDLERS, new Log()),
    Error,
    `Cannot open the control socket ${opened.path}: another process has it; set FLYHOT_SOCKET for one of them`,
  );
  assertEquals((await opened.ask("GET /v1/info")).status, 200);
});

Deno.test("openControlSocket() removes nothing that is not a socket", async () => {
  await using folder = await tempFolder();
  await Deno.writeTextFile(folder.join("file"), "mine");
  await Deno.mkdir(folder.join("folder"));
  await Deno.symlink(folder.join("file"), folder.join("link"));
  for (const name of ["file", "folder", "link"]) {
    const error = await assertRejects(
      () => openControlSocket(folder.join(name), HANDLERS, new Log()),
      Error,
    );
    assertStringIncludes(
      error.message,
      `Cannot open the control socket ${folder.join(name)}: `,
    );
  }
  assertEquals(await folder.list(), ["file", "folder/", "link"]);
  assertEquals(await Deno.readTextFile(folder.join("file")), "mine");
});

Deno.test("openControlSocket() says which path cannot be bound", async () => {
  await using folder = await tempFolder();
  for (const path of [folder.join("gone", "x"), folder.join("x".repeat(200))]) {
    const error = await assertRejects(
      () => openControlSocket(path, HANDLERS, new Log()),
      Error,
    );
    assertStringIncludes(
      error.message,
      `Cannot open the control socket ${path}: `,
    );
  }
  assertEquals(await folder.list(), []);
});

Deno.test("openControlSocket() leaves no file when it is disposed, and the path is free again", async () => {
  await using opened = await open();
  await opened.socket[Symbol.asyncDispose]();
  assertEquals(await opened.folder.list(), []);
  await using again = await openControlSocket(opened.path, HANDLERS, new Log());
  assertEquals((await ask(again.path, "GET /v1/info")).status, 200);
});

Deno.test("openControlSocket() can be disposed twice", async () => {
  await using opened = await open();
  await opened.socket[Symbol.asyncDispose]();
  await opened.socket[Symbol.asyncDispose]();
});

Deno.test("openControlSocket() finishes the answer under way before it closes", async () => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<MachineInfo>();
  await using opened = await open({
    info: () => {
      asked.resolve();
      return go.promise;
    },
  });
  const answer = opened.ask("GET /v1/info");
  await asked.promise;
  const closing = opened.socket[Symbol.asyncDispose]();
  go.resolve(INFO);
  assertEquals((await answer).status, 200);
  await closing;
});

Deno.test("openControlSocket() closes though somebody holds a connection open", async () => {
  await using opened = await open();
  const silent = await Deno.connect({ transport: "unix", path: opened.path });
  const kept = await Deno.connect({ transport: "unix", path: opened.path });
  await kept.write(
    new TextEncoder().encode("GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n"),
  );
  const buffer = new Uint8Array(4096);
  const read = await kept.read(buffer);
  assertMatch(
    new TextDecoder().decode(buffer.subarray(0, read ?? 0)),
    /^HTTP\/1\.1 200 /,
  );
  await opened.socket[Symbol.asyncDispose]();
  silent.close();
  kept.close();
});

Deno.test("openControlSocket() does not keep a process alive", async () => {
  await using folder = await tempFolder();
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { openControlSocket } from ${
        JSON.stringify(new URL("./control.ts", import.meta.url).href)
      };
      await openControlSocket(${JSON.stringify(folder.join("s"))}, {}, console);
      console.log("the end");`,
    ],
  }).output();
  assertEquals(code, 0);
  assertEquals(new TextDecoder().decode(stdout), "the end\n");
});
