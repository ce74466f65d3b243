import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { denoHost, lineReader } from "./host_deno.ts";
import type { RunOptions } from "./host.ts";

async function inTempDir(
  act: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("files.walk() yields files in the order of their paths, follows no link, enters only allowed folders", async () => {
  using host = denoHost();
  await inTempDir(async (root) => {
    for (const path of ["a/b.ts", "a-c.ts", "a/d/e.ts", "no/x.ts", "z.ts"]) {
      await host.files.write(join(root, path), path);
    }
    await Deno.symlink(join(root, "a"), join(root, "link"));
    const found = await Array.fromAsync(
      host.files.walk(root, (path) => path !== "no"),
    );
    assertEquals(found.filter((it) => it.kind === "file"), [
      { path: "a-c.ts", kind: "file", size: 6 },
      { path: "a/b.ts", kind: "file", size: 6 },
      { path: "a/d/e.ts", kind: "file", size: 8 },
      { path: "z.ts", kind: "file", size: 4 },
    ]);
    assertEquals(
      found.filter((it) => it.kind !== "file").map((it) => [it.path, it.kind]),
      [["a", "directory"], ["a/d", "directory"], ["link", "link"]],
    );
  });
});

Deno.test("files reads, writes, appends, streams and removes, and answers null where nothing is", async () => {
  using host = denoHost();
  const { files } = host;
  await inTempDir(async (root) => {
    const path = join(root, "deep/er/file.txt");
    assertEquals(await files.readText(path), null);
    assertEquals(await files.stat(path), null);
    await files.remove(path);
    await files.append(path, "one ");
    await files.append(path, "two");
    assertEquals(await files.readText(path), "one two");
    await files.write(
      path,
      ReadableStream.from([new TextEncoder().encode("x")]),
    );
    assertEquals(await new Response(await files.open(path)).text(), "x");
    assertEquals(await files.stat(path), { kind: "file", size: 1 });
    assertEquals(await files.readText(join(path, "under")), null);
    await files.remove(join(root, "deep"));
    assertEquals(await files.stat(join(root, "deep")), null);
    const temporary = await files.makeTempDir();
    assertEquals((await files.stat(temporary))?.kind, "directory");
    await files.remove(temporary);
  });
});

Deno.test("run() returns code and output, and passes lines on as they come", async () => {
  using host = denoHost();
  const lines: string[] = [];
  const outcome = await host.run("deno", [
    "eval",
    "--no-config",
    `console.log("a\\nb " + Deno.env.get("X") + " " + Deno.cwd()); console.error("c"); Deno.exit(3)`,
  ], {
    cwd: "/",
    env: { X: "y" },
    onLine: (line, from) => lines.push(`${from}: ${line}`),
  });
  assertEquals(outcome, { code: 3, stdout: "a\nb y /\n", stderr: "c\n" });
  assertEquals(lines.sort(), ["stderr: c", "stdout: a", "stdout: b y /"]);
});

Deno.test("run() gives no program the key that signs, and credentials only to one that is to have them", async () => {
  const names = [
    "AWS_SECRET_ACCESS_KEY",
    "FLY_API_TOKEN",
    "FLYHOT_SIGNING_KEY",
  ];
  const before = names.map((name) => Deno.env.get(name));
  names.forEach((name) => Deno.env.set(name, "x"));
  try {
    using host = denoHost();
    const seen = async (options: RunOptions) => {
      const args = [
        "-c",
        `echo ${names.map((name) => `"[$${name}]"`).join("")}`,
      ];
      return (await host.run("sh", args, options)).stdout.trim();
    };
    assertEquals(await seen({}), "[][][]");
    assertEquals(await seen({ env: { FLY_API_TOKEN: "y" } }), "[][][]");
    assertEquals(await seen({ withCredentials: true }), "[x][x][]");
  } finally {
    names.forEach((name, index) => {
      const value = before[index];
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    });
  }
});

Deno.test("run() throws NotFound for a program that is not installed", async () => {
  using host = denoHost();
  const error = await assertRejects(
    () => host.run("flyhot-no-such-program", []),
    Error,
  );
  assertEquals(error.name, "NotFound");
});

Deno.test("run() ends the process when the signal is aborted", async () => {
  using host = denoHost();
  const controller = new AbortController();
  const error = await assertRejects(
    () =>
      host.run("deno", [
        "eval",
        "--no-config",
        "console.log('up'); setInterval(() => {}, 1000)",
      ], {
        signal: controller.signal,
        onLine: () => controller.abort(new Error("enough")),
      }),
    Error,
  );
  assertEquals(error.message, "enough");
});

Deno.test("sleep() rejects with the signal's reason when aborted, before or meanwhile", async () => {
  using host = denoHost();
  const before = AbortSignal.abort(new Error("before"));
  assertEquals(
    (await assertRejects(() => host.sleep(60_000, before), Error)).message,
    "before",
  );
  const controller = new AbortController();
  const sleeping = host.sleep(60_000, controller.signal);
  controller.abort(new Error("meanwhile"));
  assertEquals(
    (await assertRejects(() => sleeping, Error)).message,
    "meanwhile",
  );
  await host.sleep(0);
});

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`interrupted is aborted by the first ${name}`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { denoHost } from ${
          JSON.stringify(new URL("./host_deno.ts", import.meta.url).href)
        };
      const host = denoHost();
      const keep = setInterval(() => {}, 1000);
      host.interrupted.addEventListener("abort", () => {
        clearInterval(keep);
        host.stdout.write("stopped: " + host.interrupted.reason.message);
      });
      host.stdout.write("up;");`,
      ],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let text = "";
    for await (
      const piece of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      if (text === "") child.kill(name);
      text += piece;
    }
    const { code } = await child.status;
    assertEquals([text, code], ["up;stopped: interrupted", 0]);
  });
}

Deno.test("a terminal that is closed hangs up more than once, and with other signals: what is under way still ends in order", async () => {
  for (
    const [signals, ends] of [
      [["SIGHUP", "SIGHUP", "SIGHUP"], true],
      [["SIGTERM", "SIGHUP"], true],
      [["SIGHUP", "SIGTERM"], true],
      [["SIGHUP", "SIGINT", "SIGINT"], false],
    ] as const
  ) {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { denoHost } from ${
          JSON.stringify(new URL("./host_deno.ts", import.meta.url).href)
        };
      using host = denoHost();
      host.stdout.write("up;");
      const keep = setInterval(() => {}, 1000);
      await new Promise((done) => host.interrupted.addEventListener("abort", done));
      host.stdout.write("stopping;");
      // All others have come by then.
      while (await Deno.stdin.read(new Uint8Array(1)) !== null) {}
      clearInterval(keep);
      host.stdout.write("stopped");`,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let text = "";
    for await (
      const piece of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      text += piece;
      if (text === "up;") child.kill(signals[0]);
      if (text !== "up;stopping;") continue;
      for (const name of signals.slice(1)) {
        child.kill(name);
        await new Promise((done) => setTimeout(done, 50));
      }
      await child.stdin.close().catch(() => {});
    }
    const { code, signal } = await child.status;
    assertEquals(
      [text, code, signal],
      ends ? ["up;stopping;stopped", 0, null] : ["up;stopping;", 130, "SIGINT"],
      signals.join(),
    );
  }
});

/** Bytes that come piece by piece, then an end. */
function pieces(...texts: string[]) {
  return {
    read(into: Uint8Array): Promise<number | null> {
      const text = texts.shift();
      if (text === undefined) return Promise.resolve(null);
      return Promise.resolve(new TextEncoder().encodeInto(text, into).written);
    },
  };
}

Deno.test("lineReader() gives one line at a time, whatever pieces it comes in", async () => {
  const reader = lineReader(pieces("ye", "s\r\nno\nlast"));
  const lines = [];
  for (let count = 0; count < 5; count++) lines.push(await reader.readLine());
  assertEquals(lines, ["yes", "no", "last", null, null]);
});

Deno.test("lineReader() gives up when aborted, and loses nothing by it", async () => {
  const typed = Promise.withResolvers<string>();
  let asked = 0;
  const reader = lineReader({
    async read(into) {
      asked++;
      return new TextEncoder().encodeInto(await typed.promise, into).written;
    },
  });
  const controller = new AbortController();
  const reading = reader.readLine(controller.signal);
  controller.abort(new Error("enough"));
  assertEquals((await assertRejects(() => reading, Error)).message, "enough");
  const again = reader.readLine();
  typed.resolve("late\n");
  assertEquals([await again, asked], ["late", 1]);
});

Deno.test("stdin is null where it is not a terminal", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { denoHost } from ${
        JSON.stringify(new URL("./host_deno.ts", import.meta.url).href)
      };
      using host = denoHost();
      host.stdout.write(String(host.stdin));`,
    ],
    stdin: "null",
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "null");
});

Deno.test("env() treats an empty variable as not set", () => {
  using host = denoHost();
  Deno.env.set("FLYHOT_TEST_EMPTY", "");
  try {
    assertEquals(host.env("FLYHOT_TEST_EMPTY"), undefined);
  } finally {
    Deno.env.delete("FLYHOT_TEST_EMPTY");
  }
  assert(host.stdout.columns > 0);
});
