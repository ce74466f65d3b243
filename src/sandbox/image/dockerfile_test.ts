import { assertEquals } from "@std/assert";
import { DEFAULT_START, parseDockerfile, startCommand } from "./dockerfile.ts";

Deno.test("parseDockerfile() reads command, variables and folder, in JSON or shell form", () => {
  const start = parseDockerfile(`
# syntax=docker/dockerfile:1
FROM debian:12
WORKDIR /srv
WORKDIR web
ENV A=1 B="two words" \\
    C='x'
ENV LEGACY some text
ENTRYPOINT ["tini", "--"]
CMD deno run -A $MAIN
`);
  assertEquals(start, {
    entrypoint: ["tini", "--"],
    cmd: ["/bin/sh", "-c", "deno run -A $MAIN"],
    env: { A: "1", B: "two words", C: "x", LEGACY: "some text" },
    workdir: "/srv/web",
    onDeno: false,
  });
  assertEquals(startCommand(start), [
    "tini",
    "--",
    "/bin/sh",
    "-c",
    "deno run -A $MAIN",
  ]);
});

Deno.test("parseDockerfile() takes build arguments over defaults, when a variable names them", () => {
  const text = `ARG VERSION=1
FROM denoland/deno:\${VERSION}
ARG NAME=dev
ARG OTHER
ENV NAME=$NAME-\${OTHER:-none}-\${MISSING}
`;
  assertEquals(parseDockerfile(text).env, { NAME: "dev-none-" });
  assertEquals(parseDockerfile(text, { NAME: "prod", OTHER: "x" }).env, {
    NAME: "prod-x-",
  });
});

Deno.test("parseDockerfile() follows the last stage, when there are several", () => {
  const start = parseDockerfile(`FROM denoland/deno:2 AS base
WORKDIR /app
CMD ["run", "-A", "server.ts"]
FROM node:20 AS tools
CMD ["node"]
FROM base
ENV X=1
`);
  assertEquals([start.cmd, start.env, start.onDeno], [
    ["run", "-A", "server.ts"],
    { X: "1" },
    true,
  ]);
});

Deno.test("parseDockerfile() has defaults, when nothing is said", () => {
  assertEquals(parseDockerfile(""), DEFAULT_START);
  assertEquals(startCommand(DEFAULT_START), ["deno", "run", "-A", "main.ts"]);
  assertEquals(parseDockerfile(`FROM x\nENTRYPOINT ["a"]`).cmd, []);
  assertEquals(parseDockerfile(`FROM x\nCMD [not json`).cmd, [
    "/bin/sh",
    "-c",
    "[not json",
  ]);
});

Deno.test("startCommand() puts deno before a bare subcommand, when the image is Deno's own", () => {
  const start = parseDockerfile(
    `FROM denoland/deno:2.9\nCMD ["run", "-A", "main.ts"]`,
  );
  assertEquals(startCommand(start), ["deno", "run", "-A", "main.ts"]);
  assertEquals(startCommand(start, { cmd: ["task", "work"] }), [
    "deno",
    "task",
    "work",
  ]);
  assertEquals(startCommand(start, { cmd: ["sh", "-c", "x"] }), [
    "sh",
    "-c",
    "x",
  ]);
  assertEquals(startCommand(start, { entrypoint: ["env"] }), [
    "env",
    "run",
    "-A",
    "main.ts",
  ]);
});

Deno.test("startCommand() lets exec beat everything", () => {
  assertEquals(
    startCommand({ ...DEFAULT_START, entrypoint: ["a"] }, {
      exec: ["b", "c"],
      cmd: ["d"],
    }),
    ["b", "c"],
  );
});
