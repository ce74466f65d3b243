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
    folder: "",
    onDeno: false,
    modes: [],
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

Deno.test("parseDockerfile() tells the app's folder from the one it starts in", () => {
  const places = (text: string) => {
    const { workdir, folder } = parseDockerfile(`FROM deno\n${text}`);
    return [workdir, folder];
  };
  assertEquals(places("WORKDIR /a\nCOPY . .\nWORKDIR apps/api\n"), [
    "/a",
    "apps/api",
  ]);
  assertEquals(places("COPY --chown=a:b ./ /srv/\nWORKDIR /srv/web\n"), [
    "/srv",
    "web",
  ]);
  assertEquals(places('WORKDIR /a\nADD [".", "/a"]\n'), ["/a", ""]);
  assertEquals(places("WORKDIR /a\nCOPY . .\nWORKDIR /b\n"), ["/b", ""]);
  assertEquals(places("WORKDIR /a\nCOPY x y /a\nWORKDIR b\n"), ["/a/b", ""]);
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

Deno.test("parseDockerfile() takes no instruction from a heredoc, wherever it stands", () => {
  const cmdOf = (text: string) => parseDockerfile(text).cmd;
  const wanted = ["good"];
  for (
    const heredoc of [
      'RUN <<EOF\nCMD ["bad"]\nENV A=b\nEOF\n',
      'RUN python3 <<-"E O"\n\tCMD ["bad"]\n\tE O\n',
      'RUN 3<<EOF cat <<\'TWO\'\nTWO\nCMD ["bad"]\nEOF\nCMD ["bad"]\nTWO\n',
      'COPY --chown=1 <<a.txt <<"b.txt" /app/\nCMD ["bad"]\na.txt\nENTRYPOINT ["bad"]\nb.txt\n',
      'ADD \\\n  <<EOF /x\nCMD ["bad"] \\\nEOF\n',
    ]
  ) {
    for (const end of ["\n", "\r\n"]) {
      const text = `FROM x\nCMD ["good"]\n${heredoc}`.replaceAll("\n", end);
      assertEquals(cmdOf(text), wanted, text);
      assertEquals(parseDockerfile(text).entrypoint, [], text);
      assertEquals(parseDockerfile(text).env, {}, text);
    }
  }
  // What only looks like one hides nothing.
  for (
    const line of [
      'RUN echo "<<EOF"',
      "RUN echo a<<EOF",
      "RUN echo $((1<<2))",
      "ENV A=<<EOF",
    ]
  ) assertEquals(cmdOf(`FROM x\n${line}\nCMD ["good"]\n`), wanted, line);
});

Deno.test("parseDockerfile() joins lines as Docker does", () => {
  const cmdOf = (text: string) => parseDockerfile(text).cmd.at(-1);
  assertEquals(cmdOf("FROM x\nCMD a \\\n# b\n\n  c\n"), "a    c");
  assertEquals(
    cmdOf("# escape=`\nFROM x\nCMD a `\n c\\\nENV X=1\n"),
    "a   c\\",
  );
  assertEquals(cmdOf("FROM x\n# escape=`\nCMD a `\nENV X=1\n"), "a `");
  assertEquals(cmdOf("FROM x\nCMD a \\\\\nENV X=1\n"), "a \\\\");
});

Deno.test("parseDockerfile() finds the modes of files, from the app's folder", () => {
  const { modes } = parseDockerfile(`
FROM denoland/deno AS build
WORKDIR /build
COPY . .
RUN chmod +x bin/tool && deno cache main.ts
FROM denoland/deno
WORKDIR /srv
COPY --chmod=755 start.sh ./
COPY --from=build /build .
RUN chmod 755 /srv/run.sh /usr/local/bin/tini
CMD ["./start.sh"]
`);
  assertEquals(modes.map(({ mode, path }) => `${mode} ${path}`), [
    "+x /bin/tool",
    "755 /start.sh",
    "755 /run.sh",
  ]);
});
