import { assertEquals, assertFalse, assertRejects } from "@std/assert";
import { fakeHost } from "../../tests/cli/fake_host.ts";
import { FlyhotError } from "../errors.ts";
import type { RunOutcome } from "../host.ts";
import { findFlyctl, Flyctl, imageIn, withFlyctl } from "./flyctl.ts";

function flyctl(outcome: Partial<RunOutcome>) {
  const host = fakeHost({ run: () => outcome });
  return { host, fly: new Flyctl(host, "fly") };
}

const BUILD = {
  app: "my-app",
  config: "fly-staging.toml",
  buildArgs: ["A=1", "B=x y"],
  label: "flyhot-01",
};

Deno.test("findFlyctl() finds fly, else flyctl, else nothing", async () => {
  const only = (name: string) =>
    fakeHost({ run: (program) => program === name ? {} : null });
  assertEquals((await findFlyctl(only("fly")))?.program, "fly");
  assertEquals((await findFlyctl(only("flyctl")))?.program, "flyctl");
  assertEquals(await findFlyctl(only("other")), null);
});

Deno.test("withFlyctl() starts nothing but what is asked for, with whichever is installed", async () => {
  const whoami = (fly: Flyctl) => fly.whoami();
  const only = (name: string, outcome: Partial<RunOutcome>) =>
    fakeHost({ run: (program) => program === name ? outcome : null });
  for (const name of ["fly", "flyctl"]) {
    const host = only(name, { stdout: "ann@example.com\n" });
    assertEquals(await withFlyctl(host, whoami), "ann@example.com");
    assertEquals(host.ran.at(-1), `${name} auth whoami`);
    assertEquals(host.ran.some((line) => line.includes("version")), false);
  }
  assertEquals(await withFlyctl(only("other", {}), whoami), null);
  await assertRejects(
    () => withFlyctl(only("fly", { code: 1 }), whoami),
    FlyhotError,
    "Cannot tell who deploys: fly auth whoami ended with 1",
  );
});

Deno.test("Flyctl.whoami() returns the name, past update notices", async () => {
  const { fly } = flyctl({ stdout: "Update available\nyou@example.com\n" });
  assertEquals(await fly.whoami(), "you@example.com");
});

Deno.test("Flyctl.whoami() says how to log in when nobody is", async () => {
  const { fly } = flyctl({
    code: 1,
    stderr: "Error: no access token available. Please login\n",
  });
  const error = await assertRejects(() => fly.whoami(), FlyhotError);
  assertEquals(error.code, "auth");
  assertEquals(
    error.message,
    "Cannot tell who deploys: fly auth whoami ended with 1 (Error: no access token available. Please login)",
  );
  assertEquals(error.hint, "log in with: fly auth login");
});

Deno.test("Flyctl.token() reads JSON and plain output, and never shows the token", async () => {
  for (const stdout of ['{"token":"fm2_a,fm2_b"}\n', "fm2_a,fm2_b\n"]) {
    const token = await flyctl({ stdout }).fly.token();
    assertEquals(token.header.reveal(), "FlyV1 fm2_a,fm2_b");
    assertFalse(Deno.inspect(token).includes("fm2_a"));
  }
  const error = await assertRejects(
    () => flyctl({ code: 1, stderr: "not logged in" }).fly.token(),
    FlyhotError,
  );
  assertEquals(error.code, "auth");
});

Deno.test("Flyctl.build() builds, pushes, labels and passes its output on without colors", async () => {
  const { host, fly } = flyctl({
    stderr:
      "\x1b[32m==> Building image\x1b[0m\nimage: registry.fly.io/my-app:flyhot-01\nimage size: 99 MB\n",
  });
  const lines: string[] = [];
  const image = await fly.build({
    ...BUILD,
    onLine: (line) => lines.push(line),
  });
  assertEquals(image, "registry.fly.io/my-app:flyhot-01");
  assertEquals(lines[0], "==> Building image");
  assertEquals(host.ran, [
    "fly deploy --build-only --push --app my-app --config fly-staging.toml --image-label flyhot-01 --build-arg A=1 --build-arg B=x y",
  ]);
});

Deno.test("Flyctl.build() hands switches on", async () => {
  const { host, fly } = flyctl({
    stderr: "image: registry.fly.io/my-app:flyhot-01\n",
  });
  await fly.build({
    ...BUILD,
    buildArgs: [],
    switches: ["--no-cache", "--buildkit"],
  });
  assertEquals(host.ran, [
    "fly deploy --build-only --push --app my-app --config fly-staging.toml --image-label flyhot-01 --no-cache --buildkit",
  ]);
});

Deno.test("Flyctl.build() says it when the build fails", async () => {
  const { fly } = flyctl({
    code: 1,
    stderr: "step 3\nError: failed to fetch an image or build from source\n",
  });
  const error = await assertRejects(() => fly.build(BUILD), FlyhotError);
  assertEquals(error.code, "unexpected");
  assertEquals(
    error.message,
    "Cannot build the image: fly deploy --build-only ended with 1 (Error: failed to fetch an image or build from source)",
  );
});

Deno.test("Flyctl.build() says it when no line names the image", async () => {
  const { fly } = flyctl({ stdout: "done\n" });
  const error = await assertRejects(() => fly.build(BUILD), FlyhotError);
  assertEquals(
    error.message,
    'Cannot tell which image fly built: its output has no line "image: ..."',
  );
  assertEquals(
    error.hint,
    "name the image yourself: flyhot hot --skip-build --image <reference>",
  );
});

Deno.test("imageIn() takes any registry, label and digest, and no other line", () => {
  for (
    const [output, image] of [
      [
        "image: registry.fly.io/a:deployment-01K9\n",
        "registry.fly.io/a:deployment-01K9",
      ],
      [
        "x\n\x1b[1mimage: localhost:5000/a:main@sha256:ab\x1b[0m\r\n",
        "localhost:5000/a:main@sha256:ab",
      ],
      ["image size: 99 MB\nbase image: x\n", null],
      ["Image: registry.fly.io/a:b\n", null],
      ["", null],
    ] as const
  ) {
    assertEquals(imageIn(output), image);
  }
});

Deno.test("Flyctl.logs() gives the newest lines without time and place, and none where fly fails", async () => {
  const asked: string[] = [];
  const flyctl = (code: number, stdout: string) =>
    new Flyctl(
      {
        run: (_program, args) => {
          asked.push(args.join(" "));
          return Promise.resolve({ code, stdout, stderr: "" });
        },
      },
      "fly",
    );
  const line = (text: string) =>
    `2026-01-15T10:30:00Z app[6e82] iad [info]${text}\n`;
  const many = Array.from({ length: 30 }, (_, index) => line(`line ${index}`));
  const logs = await flyctl(0, `${many.join("")}${line("error: boom")}\n`)
    .logs("my-app", "6e82");
  assertEquals([logs.length, logs[0], logs.at(-1)], [
    20,
    "line 11",
    "error: boom",
  ]);
  assertEquals(asked, ["logs --no-tail --app my-app --machine 6e82"]);
  assertEquals(await flyctl(1, line("x")).logs("my-app", "6e82"), []);
});
