import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { runMain } from "../../tests/cli/run_main.ts";
import type { CommandShape } from "../config/command_shape.ts";
import { bashScript } from "../completions/bash_script.ts";
import { completedCommands } from "../completions/completed.ts";
import { fishScript } from "../completions/fish_script.ts";
import { zshScript } from "../completions/zsh_script.ts";
import { COMMANDS } from "./table.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = typeof SHELLS[number];

async function output(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  const { stdout } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

/** Asks bash as readline does: the words of the line, and which of them is being typed. */
async function askBash(
  script: string,
  words: readonly string[],
  cwd: string,
): Promise<string[]> {
  const program = `source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_flyhot 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const said = await output("bash", [
    "--norc",
    "-c",
    program,
    "bash",
    script,
    ...words.flatMap((it) => it.split(/(?<==)|(?==)/)),
  ], cwd);
  return said.split("\n");
}

/** Presses Tab in a zsh on a terminal of its own, and reads what it adds. */
async function askZsh(
  script: string,
  words: readonly string[],
  cwd: string,
): Promise<string[]> {
  const setup = `PROMPT=
autoload -Uz compinit; compinit -u -D
source "$SCRIPT"
bindkey "^M" undefined; bindkey "^J" undefined; bindkey "^I" complete-word
print_end() { print "<END>"; exit }
comppostfuncs=(print_end)
zstyle ":completion:*" insert-tab false
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a __hits
  builtin compadd -A __hits "$@"
  (( $#__hits )) && print -rl -- "<HIT>"\${^__hits}
  builtin compadd "$@"
}
print "<READY>"
`;
  const program = `export SCRIPT=$1
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "source =( <<< \${(qq)2} )"
zpty -r -m z said "*<READY>*"
zpty -n -w z "$3"$'\\t'
zpty -r -m z said "*<END>*"
print -r -- "$said"
zpty -d z`;
  const said = await output("zsh", [
    "-f",
    "-c",
    program,
    "zsh",
    script,
    setup,
    words.join(" "),
  ], cwd);
  return [...said.matchAll(/<HIT>(.*?)\r?$/gm)].map(([, hit]) => hit!);
}

async function askFish(
  script: string,
  words: readonly string[],
  cwd: string,
): Promise<string[]> {
  const said = await output("fish", [
    "--no-config",
    "-c",
    `source $argv[1]; complete -C $argv[2]`,
    script,
    words.join(" "),
  ], cwd);
  return said.split("\n").map((it) => it.split("\t")[0]!);
}

const ASK = { bash: askBash, zsh: askZsh, fish: askFish } as const;

async function isInstalled(shell: Shell): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(shell, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

const NAMES = COMMANDS.filter(({ hidden }) => !hidden).map(({ name }) => name);

/** What a shell must offer for each line; files and folders are those of a folder with `deno.json`, `deep/` and `docs/`. */
const LINES: readonly (readonly [line: string, expected: readonly string[]])[] =
  [
    ["flyhot ", [...NAMES, "help"]],
    ["flyhot sta", ["status"]],
    ["flyhot --v", ["--version"]],
    ["flyhot --json sta", ["status"]],
    ["flyhot orch", []],
    ["flyhot hot --l", ["--local", "--lock-timeout"]],
    ["flyhot hot --app x --no-can", ["--no-canary"]],
    ["flyhot status --js", ["--json"]],
    ["flyhot completions ", ["bash", "zsh", "fish"]],
    ["flyhot completions f", ["fish"]],
    ["flyhot help sta", ["status"]],
    ["flyhot hot --config de", ["deep", "deno.json"]],
    ["flyhot hot -c deno", ["deno.json"]],
    ["flyhot hot --config=deno", ["deno.json"]],
    ["flyhot pack d", ["deep", "docs"]],
    ["flyhot hot --app d", []],
    ["flyhot status d", []],
  ];

for (const shell of SHELLS) {
  if (!await isInstalled(shell)) continue;
  Deno.test(`flyhot completions ${shell} makes ${shell} offer commands, flags, files, folders and choices`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "flyhot-test-" });
    try {
      const script = join(folder, "completions");
      const { code, out } = await runMain(["completions", shell]);
      assertEquals(code, 0);
      await Deno.writeTextFile(script, out);
      const cwd = join(folder, "app");
      for (const name of ["deep", "docs"]) {
        await Deno.mkdir(join(cwd, name), { recursive: true });
      }
      await Deno.writeTextFile(join(cwd, "deno.json"), "{}");
      for (const [line, expected] of LINES) {
        const offered = (await ASK[shell](script, line.split(" "), cwd))
          .map((it) => it.replace(/^--\w+=/, "").replace(/\/$/, ""))
          .filter((it) => it !== "");
        assertEquals(
          [...new Set(offered)].sort(),
          [...expected].sort(),
          `${shell}: ${line}`,
        );
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("flyhot completions answers in JSON with the same script", async () => {
  const { out } = await runMain(["completions", "bash"]);
  const { out: json } = await runMain(["completions", "bash", "--json"]);
  assertEquals(JSON.parse(json), { shell: "bash", script: out });
});

for (
  const [args, message, hint] of [
    [
      [],
      "Cannot tell which shell is meant: none is named",
      "for example: flyhot completions bash",
    ],
    [
      ["fihs"],
      'Cannot write completions for "fihs": the shells are bash, zsh, fish',
      "did you mean fish?",
    ],
    [
      ["powershell"],
      'Cannot write completions for "powershell": the shells are bash, zsh, fish',
      null,
    ],
  ] as const
) {
  Deno.test(`flyhot completions refuses ${args[0] ?? "no shell"}`, async () => {
    const { code, out } = await runMain(["completions", ...args, "--json"]);
    assertEquals(code, 2);
    const { error } = JSON.parse(out);
    assertEquals([error.code, error.message, error.hint], [
      "usage",
      message,
      hint,
    ]);
  });
}

const TABLE: readonly CommandShape[] = [
  {
    name: "hot",
    summary: "Upgrade the app's machines: all",
    description: [],
    argument: { name: "folder", description: "The folder" },
    flags: [
      {
        name: "config",
        type: "string",
        short: "c",
        value: "path",
        description: "The app's fly.toml [or its folder]",
      },
      {
        name: "build-arg",
        type: "string",
        repeatable: true,
        value: "NAME=value",
        description: "A variable",
      },
      {
        name: "watch",
        type: "integer",
        bare: 5,
        description: "Again and again",
      },
    ],
    examples: [],
  },
  {
    name: "secret",
    summary: "Hidden",
    description: [],
    flags: [],
    examples: [],
    hidden: true,
  },
];

Deno.test("bashScript() writes a case for each command", () => {
  const script = bashScript(completedCommands(TABLE));
  assertEquals(
    script.slice(script.indexOf("    hot)"), script.indexOf("  esac\n  if")),
    `    hot)
      flags="--config --build-arg --watch --json --help"
      kind=folders
      case $previous in
        -c|--config) kind=value_files ;;
        --build-arg) kind=value_anything ;;
      esac
      ;;
    help)
      flags=""
      kind=words words="hot"
      ;;
`,
  );
});

Deno.test("zshScript() quotes what zsh reads", () => {
  const script = zshScript(completedCommands(TABLE));
  assertEquals(
    script.slice(0, script.indexOf("_flyhot() {")),
    `#compdef flyhot
# Completions for flyhot, made by: flyhot completions zsh
_flyhot_commands() {
  local -a commands=(
    'hot:Upgrade the app'\\''s machines: all'
    'help:Show the help of a command'
  )
  _describe -t commands command commands
}

`,
  );
  assertEquals(
    script.slice(script.indexOf("    hot)"), script.indexOf("  esac")),
    `    hot)
      _arguments \\
        '(-c --config)'{-c+,--config=}'[The app'\\''s fly.toml \\[or its folder\\]]:path:_files' \\
        '*'--build-arg='[A variable]:NAME=value: ' \\
        --watch'[Again and again]' \\
        --json'[Answer with one JSON value on stdout]' \\
        '(-h --help)'{-h,--help}'[Show this help]' \\
        '1:folder:_files -/'
      ;;
    help)
      _arguments \\
        '1:command:(hot)'
      ;;
`,
  );
});

Deno.test("fishScript() writes a line for each flag and command", () => {
  const script = fishScript(completedCommands(TABLE));
  assertEquals(
    script.slice(script.indexOf("complete -c")),
    `complete -c flyhot -f
complete -c flyhot -n __flyhot_is -l json -d 'Answer with one JSON value on stdout'
complete -c flyhot -n __flyhot_is -s h -l help -d 'Show this help'
complete -c flyhot -n __flyhot_is -l version -d 'Show the version'
complete -c flyhot -n __flyhot_is -a hot -d 'Upgrade the app\\'s machines: all'
complete -c flyhot -n __flyhot_is -a help -d 'Show the help of a command'
complete -c flyhot -n '__flyhot_is hot' -s c -l config -r -F -d 'The app\\'s fly.toml [or its folder]'
complete -c flyhot -n '__flyhot_is hot' -l build-arg -x -d 'A variable'
complete -c flyhot -n '__flyhot_is hot' -l watch -d 'Again and again'
complete -c flyhot -n '__flyhot_is hot' -l json -d 'Answer with one JSON value on stdout'
complete -c flyhot -n '__flyhot_is hot' -s h -l help -d 'Show this help'
complete -c flyhot -n '__flyhot_is hot' -a '(__fish_complete_directories)'
complete -c flyhot -n '__flyhot_is help' -a 'hot'
`,
  );
});
