import { assertEquals } from "@std/assert";
import {
  changedMode,
  isChanged,
  modesOfCopy,
  modesOfRun,
} from "./file_modes.ts";

Deno.test("modesOfRun() finds what chmod sets among other commands", () => {
  const paths = (rest: string) =>
    modesOfRun(rest, "/app").map(({ mode, path, isDeep }) =>
      `${mode} ${path}${isDeep ? "/**" : ""}`
    );
  assertEquals(paths("chmod +x start.sh"), ["+x /app/start.sh"]);
  assertEquals(
    paths("deno cache main.ts && chmod -v 755 /app/a.sh bin/*.sh; ls"),
    ["755 /app/a.sh", "755 /app/bin/*.sh"],
  );
  assertEquals(paths("cd scripts && /bin/chmod -R u=rwx,go-w ."), [
    "u=rwx,go-w /app/scripts/**",
  ]);
  assertEquals(paths(`["chmod", "a+x", "./start.sh"]`), ["a+x /app/start.sh"]);
  assertEquals(paths("chmod -x a.sh"), ["-x /app/a.sh"]);
  assertEquals(paths("echo chmod +x a.sh && chmod $MODE b.sh"), []);
});

Deno.test("modesOfCopy() finds what COPY sets of the app's own files", () => {
  assertEquals(modesOfCopy("--chmod=0755 --chown=deno start.sh bin ./"), [
    { mode: "0755", path: "/start.sh", isDeep: true },
    { mode: "0755", path: "/bin", isDeep: true },
  ]);
  assertEquals(modesOfCopy("--chmod=755 --from=build /app /app"), []);
  assertEquals(modesOfCopy(". ."), []);
});

Deno.test("isChanged() tells whose mode it is", () => {
  const is = (path: string, file: string, isDeep = false) =>
    isChanged({ mode: "+x", path, isDeep }, file);
  assertEquals(is("/a.sh", "/a.sh"), true);
  assertEquals(is("/a.sh", "/aXsh"), false);
  assertEquals(is("/bin/*.sh", "/bin/a.sh"), true);
  assertEquals(is("/bin/*.sh", "/bin/x/a.sh"), false);
  assertEquals(is("/bin", "/bin/x/a.sh"), false);
  assertEquals(is("/bin", "/bin/x/a.sh", true), true);
  assertEquals(is("/bin", "/binary", true), false);
  assertEquals(is("/", "/main.ts", true), true);
});

Deno.test("changedMode() does what chmod does", () => {
  const cases: [before: number, mode: string, after: number][] = [
    [0o644, "+x", 0o755],
    [0o644, "u+x", 0o744],
    [0o777, "755", 0o755],
    [0o100644, "0700", 0o700],
    [0o644, "ug+x,o=", 0o750],
    [0o755, "a-x", 0o644],
    [0o644, "a+X", 0o644],
    [0o744, "a+X", 0o755],
  ];
  for (const [before, mode, after] of cases) {
    assertEquals(changedMode(before, mode), after, mode);
  }
});
